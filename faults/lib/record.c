/* Preloaded into the server: writes down, in one order, what happens to the
 * database's files and when an answer is about to leave.
 *
 * FAULTS_RECORD names the file of records, FAULTS_DATABASE the database. A
 * record is the header below and `length` octets:
 *   W  octets written at `offset`          T  the file was cut at `offset`
 *   B  a sync begins                       E  it succeeded
 *   C  the file was made                   U  the file was removed
 *   R  the octets of a 201 answer, before they are given to the socket
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
    char kind;
    char file; /* 'd' database, 'w' its log, 'f' their folder, '-' none */
    uint16_t unused;
    uint32_t thread;
    uint64_t offset;
    uint64_t length;
};

#define FILES_MAX 65536

static char files[FILES_MAX];
static int records = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char database[4096], wal[4104], folder[4096];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ONCE(name) \
    static __typeof__(&name) real; \
    if (!real) real = REAL(name)

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAULTS_RECORD"), *db = getenv("FAULTS_DATABASE");
    if (!path || !db) return;
    snprintf(database, sizeof database, "%s", db);
    snprintf(wal, sizeof wal, "%s-wal", db);
    snprintf(folder, sizeof folder, "%s", db);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    records = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *octets, size_t length) {
    while (length > 0) {
        ssize_t written = syscall(SYS_write, records, octets, length);
        if (written <= 0) abort();
        octets = (const char *)octets + written;
        length -= (size_t)written;
    }
}

static void record_parts(char kind, char file, uint64_t offset, const struct iovec *parts, int count) {
    if (records < 0) return;
    struct header header = {.kind = kind, .file = file, .offset = offset};
    header.thread = (uint32_t)syscall(SYS_gettid);
    for (int i = 0; i < count; i++) header.length += parts[i].iov_len;
    pthread_mutex_lock(&order);
    put(&header, sizeof header);
    for (int i = 0; i < count; i++) put(parts[i].iov_base, parts[i].iov_len);
    pthread_mutex_unlock(&order);
}

static void record(char kind, char file, uint64_t offset, const void *octets, size_t length) {
    struct iovec part = {(void *)octets, length};
    record_parts(kind, file, offset, &part, 1);
}

static char file_of(int fd) { return fd >= 0 && fd < FILES_MAX && files[fd] ? files[fd] : '-'; }

static int opened(int fd, const char *path, int flags) {
    if (fd < 0 || fd >= FILES_MAX || !path) return fd;
    files[fd] = 0;
    if (!strcmp(path, database)) files[fd] = 'd';
    else if (!strcmp(path, wal)) files[fd] = 'w';
    else if (!strcmp(path, folder)) files[fd] = 'f';
    return fd;
    (void)flags;
}

static int open_recorded(const char *path, int flags, mode_t mode) {
    ONCE(open);
    int log = path && !strcmp(path, wal);
    int fresh = log && (flags & O_CREAT) && access(path, F_OK) != 0;
    int fd = opened(real(path, flags, mode), path, flags);
    if (fd >= 0 && fresh) record('C', 'w', 0, NULL, 0);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return open_recorded(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    ONCE(close);
    if (fd >= 0 && fd < FILES_MAX) files[fd] = 0;
    return real(fd);
}

static ssize_t pwrite_recorded(int fd, const void *octets, size_t length, off_t offset) {
    ONCE(pwrite);
    ssize_t written = real(fd, octets, length, offset);
    if (written > 0 && file_of(fd) != '-') record('W', file_of(fd), (uint64_t)offset, octets, (size_t)written);
    return written;
}
ssize_t pwrite(int fd, const void *octets, size_t length, off_t offset) { return pwrite_recorded(fd, octets, length, offset); }
ssize_t pwrite64(int fd, const void *octets, size_t length, off_t offset) { return pwrite_recorded(fd, octets, length, offset); }

static int cut_recorded(int fd, off_t length) {
    ONCE(ftruncate);
    int done = real(fd, length);
    if (done == 0 && file_of(fd) != '-') record('T', file_of(fd), (uint64_t)length, NULL, 0);
    return done;
}
int ftruncate(int fd, off_t length) { return cut_recorded(fd, length); }
int ftruncate64(int fd, off_t length) { return cut_recorded(fd, length); }

int unlink(const char *path) {
    ONCE(unlink);
    int done = real(path);
    if (done == 0 && !strcmp(path, wal)) record('U', 'w', 0, NULL, 0);
    return done;
}

#define SYNC(name) \
    int name(int fd) { \
        ONCE(name); \
        char file = file_of(fd); \
        if (file == '-') return real(fd); \
        record('B', file, 0, NULL, 0); \
        int done = real(fd); \
        if (done == 0) record('E', file, 0, NULL, 0); \
        return done; \
    }
SYNC(fsync)
SYNC(fdatasync)

static int answers(const struct iovec *parts, int count) {
    static const char CREATED[] = "HTTP/1.1 201";
    return count > 0 && parts[0].iov_len >= sizeof CREATED - 1 && !memcmp(parts[0].iov_base, CREATED, sizeof CREATED - 1);
}

ssize_t send(int fd, const void *octets, size_t length, int flags) {
    ONCE(send);
    struct iovec part = {(void *)octets, length};
    if (answers(&part, 1)) record_parts('R', '-', 0, &part, 1);
    return real(fd, octets, length, flags);
}

ssize_t write(int fd, const void *octets, size_t length) {
    ONCE(write);
    struct iovec part = {(void *)octets, length};
    if (answers(&part, 1)) record_parts('R', '-', 0, &part, 1);
    ssize_t written = real(fd, octets, length);
    /* SQLite writes by offset; anything else on its files would go unseen. */
    if (file_of(fd) != '-') abort();
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ONCE(writev);
    if (answers(parts, count)) record_parts('R', '-', 0, parts, count);
    return real(fd, parts, count);
}
