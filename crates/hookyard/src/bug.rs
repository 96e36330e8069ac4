//! What happens when a part of this program meets a bug of its own, and panics.
//!
//! Whoever asked for what it did is told so, the others notice nothing, and the log has it in a
//! line of the same form as all others: a panic's text may quote what was sent.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use tracing::field::display;

/// Drives a future to its end. Should it panic, gives back what the panic said.
///
/// Takes it pinned, because a future that is given to an `async fn` and pinned there is in its
/// state twice, and that of a request is large.
pub(crate) async fn caught<T>(
    mut handling: Pin<&mut impl Future<Output = T>>,
) -> Result<T, String> {
    std::future::poll_fn(|context| {
        // What has panicked is not polled again.
        match catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(panic) => Poll::Ready(Err(said(&*panic).to_owned())),
        }
    })
    .await
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

/// Has panics written to the log rather than beside it. With `RUST_BACKTRACE=1` how it came to
/// them stands there too.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let panic = info.payload_as_str().unwrap_or("no text");
    let place = info.location().map(display);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| display(&backtrace));
    tracing::error!(panic, place, backtrace, "a part of the hub panicked, which is a bug");
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn a_panic_says_why_and_what_ends_well_is_passed_on() {
        let yields = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(caught(pin!(yields)).await, Ok(7));
        let panics = |text: Option<&'static str>| async move {
            tokio::task::yield_now().await;
            match text {
                Some(text) => panic!("{text}"),
                None => std::panic::panic_any(7),
            }
        };
        assert_eq!(caught(pin!(panics(Some("a bug")))).await, Err::<(), _>("a bug".to_owned()));
        assert_eq!(caught(pin!(panics(None))).await, Err::<(), _>("no text".to_owned()));
    }
}
