/* Writes down what a process does to the files of one folder, while it runs as always.
 *
 * Loaded before the C library (LD_PRELOAD). HOOKYARD_RECORD_FOLDER is the folder, and
 * HOOKYARD_RECORD_TRACE the file that the records are appended to; `trace.rs` reads them. One lock
 * is held over a change and its record, so that the records stand in the order of the changes. A
 * flush takes long and has two: what was written before the first has reached the disk when there
 * is the second.
 *
 * Not seen: writing through mmap (SQLite's index of the log, which it makes anew), io_uring, and
 * descriptors made by dup. `states` compares what it makes of the records with the files that are
 * there at the end, so that it would notice.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { NAMED = 1, WRITTEN, CUT_TO, FLUSHING, FLUSHED, RENAMED, REMOVED };

/* Native byte order: trace.rs runs on the same machine. */
struct record {
    uint32_t kind;
    uint32_t thread;
    uint64_t file;   /* the inode */
    uint64_t offset; /* of what was written; the new length; the length of the first name */
    uint64_t length; /* of what follows the record */
    uint64_t micros; /* since the Unix epoch */
};

#define DESCRIPTORS 65536

/* The inode behind a descriptor; 0 for one that is not ours. */
static uint64_t files[DESCRIPTORS];

static struct {
    char folder[4096];
    size_t folder_length;
    int trace;
    pthread_mutex_t lock;
} self = {.trace = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

#define REAL(type, name, ...)                                  \
    static type (*real)(__VA_ARGS__);                          \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void start(void) {
    const char *folder = getenv("HOOKYARD_RECORD_FOLDER");
    const char *trace = getenv("HOOKYARD_RECORD_TRACE");
    if (!folder || !trace || strlen(folder) >= sizeof self.folder) return;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    strcpy(self.folder, folder);
    self.folder_length = strlen(folder);
    self.trace = descriptor;
}

static void put(enum kind kind, uint64_t file, uint64_t offset, const void *data, size_t length) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct record record = {
        .kind = kind,
        .thread = (uint32_t)syscall(SYS_gettid),
        .file = file,
        .offset = offset,
        .length = length,
        .micros = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
    };
    struct iovec parts[2] = {{&record, sizeof record}, {(void *)data, length}};
    ssize_t whole = (ssize_t)(sizeof record + length);
    /* A trace with a gap would tell lies. */
    if (syscall(SYS_writev, self.trace, parts, 2) != whole) abort();
}

/* What of a path is within the folder, "" for the folder itself, or NULL. */
static const char *inside(const char *path) {
    if (self.trace < 0 || strncmp(path, self.folder, self.folder_length) != 0) return NULL;
    const char *rest = path + self.folder_length;
    if (*rest == '\0') return rest;
    return *rest == '/' ? rest + 1 : NULL;
}

static uint64_t known(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS ? files[descriptor] : 0;
}

static void lock(void) { pthread_mutex_lock(&self.lock); }

static void unlock(void) {
    int error = errno;
    pthread_mutex_unlock(&self.lock);
    errno = error;
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    const char *name = inside(path);
    if (!name) return real(path, flags, mode);
    lock();
    struct stat before, after;
    int existed = stat(path, &before) == 0;
    int descriptor = real(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS && fstat(descriptor, &after) == 0) {
        files[descriptor] = after.st_ino;
        if (!existed) put(NAMED, after.st_ino, 0, name, strlen(name));
        if (existed && (flags & O_TRUNC) && before.st_size > 0) put(CUT_TO, after.st_ino, 0, NULL, 0);
    }
    unlock();
    return descriptor;
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...) {          \
        REAL(int, #name, const char *, int, ...);         \
        mode_t mode = 0;                                  \
        if (flags & O_CREAT) {                            \
            va_list rest;                                 \
            va_start(rest, flags);                        \
            mode = va_arg(rest, mode_t);                  \
            va_end(rest);                                 \
        }                                                 \
        return opened(real, path, flags, mode);           \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    REAL(int, "close", int);
    if (!known(descriptor)) return real(descriptor);
    lock();
    files[descriptor] = 0;
    int result = real(descriptor);
    unlock();
    return result;
}

#define PWRITE(name, offset_type)                                                             \
    ssize_t name(int descriptor, const void *data, size_t length, offset_type offset) {       \
        REAL(ssize_t, #name, int, const void *, size_t, offset_type);                         \
        if (!known(descriptor)) return real(descriptor, data, length, offset);                \
        lock();                                                                               \
        ssize_t written = real(descriptor, data, length, offset);                             \
        if (written > 0) put(WRITTEN, known(descriptor), (uint64_t)offset, data, (size_t)written); \
        unlock();                                                                             \
        return written;                                                                       \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int descriptor, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!known(descriptor)) return real(descriptor, data, length);
    lock();
    ssize_t written = real(descriptor, data, length);
    if (written > 0) {
        off_t end = lseek(descriptor, 0, SEEK_CUR);
        put(WRITTEN, known(descriptor), (uint64_t)(end - written), data, (size_t)written);
    }
    unlock();
    return written;
}

#define CUT(name, offset_type)                                                    \
    int name(int descriptor, offset_type length) {                                \
        REAL(int, #name, int, offset_type);                                       \
        if (!known(descriptor)) return real(descriptor, length);                  \
        lock();                                                                   \
        int result = real(descriptor, length);                                    \
        if (result == 0) put(CUT_TO, known(descriptor), (uint64_t)length, NULL, 0); \
        unlock();                                                                 \
        return result;                                                            \
    }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define FLUSH(name)                                          \
    int name(int descriptor) {                               \
        REAL(int, #name, int);                               \
        uint64_t file = known(descriptor);                   \
        if (!file) return real(descriptor);                  \
        lock();                                              \
        put(FLUSHING, file, 0, NULL, 0);                     \
        unlock();                                            \
        int result = real(descriptor);                       \
        if (result == 0) {                                   \
            lock();                                          \
            put(FLUSHED, file, 0, NULL, 0);                  \
            unlock();                                        \
        }                                                    \
        return result;                                       \
    }
FLUSH(fsync)
FLUSH(fdatasync)

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    const char *old = inside(from), *new = inside(to);
    if (!old || !new) return real(from, to);
    char names[8192];
    size_t first = strlen(old), second = strlen(new);
    if (first + second > sizeof names) abort();
    memcpy(names, old, first);
    memcpy(names + first, new, second);
    lock();
    int result = real(from, to);
    if (result == 0) put(RENAMED, 0, first, names, first + second);
    unlock();
    return result;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    const char *name = inside(path);
    if (!name) return real(path);
    lock();
    int result = real(path);
    if (result == 0) put(REMOVED, 0, 0, name, strlen(name));
    unlock();
    return result;
}
