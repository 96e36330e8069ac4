//! One HTTP/1.1 connection, which knows whether anything of the present request has left.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, Connection as Driver, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;

/// The longest head of a response; a longer one is a failure of the destination's.
const HEAD_MAX: usize = 64 * 1024;
/// The most headers of a response.
const HEADERS_MAX: usize = 100;

/// A stream of bytes, with TLS or without.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What drives a [`Connection`]; has to be polled for anything to happen on it.
pub(super) type Driving = Driver<TokioIo<Watched>, Full<Bytes>>;

/// One connection. Dropping it closes it.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    written: Arc<AtomicBool>,
    driver: Option<AbortHandle>,
}

impl Connection {
    /// Prepares a connection for HTTP. Nothing is written yet.
    pub(super) async fn open(io: Box<dyn Io>) -> hyper::Result<(Self, Driving)> {
        let written = Arc::new(AtomicBool::new(false));
        let watched = Watched { io, written: Arc::clone(&written) };
        let (sender, driving) = Builder::new()
            .max_buf_size(HEAD_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(watched))
            .await?;
        Ok((Self { sender, written, driver: None }, driving))
    }

    /// Names the task that drives it, to be ended with it.
    pub(super) fn driven_by(&mut self, task: AbortHandle) {
        self.driver = Some(task);
    }

    /// A new request begins: nothing of it has been written.
    pub(super) fn begin(&self) {
        self.written.store(false, Ordering::Release);
    }

    /// Whether anything of the present request was written. With TLS, "written" is handed over
    /// for encryption: errs on the side of "may have arrived".
    pub(super) fn has_written(&self) -> bool {
        self.written.load(Ordering::Acquire)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

/// Takes note of writes.
pub(super) struct Watched {
    io: Box<dyn Io>,
    written: Arc<AtomicBool>,
}

impl Watched {
    fn note(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.written.store(true, Ordering::Release);
        }
        result
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, buffers);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
