/*
 * A disk that fails on demand, below one folder, for a process that is started with this library in LD_PRELOAD.
 *
 * FAILING_DISK_FOLDER   paths below it are concerned
 * FAILING_DISK_CONTROL  a file; while it exists, its text "ERRNO OPERATION,OPERATION,..." says what fails, and how. Operations are
 *                       open (to write), write, sync, rename, unlink, mkdir. Without it nothing fails.
 * FAILING_DISK_COUNT    a file that gets a byte for each call that was made to fail
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The raw calls, so that the library does not meet itself. */
static int raw_open(const char *path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600); }

static int is_below(const char *path)
{
    const char *folder = getenv("FAILING_DISK_FOLDER");
    size_t length = folder == NULL ? 0 : strlen(folder);
    return length > 0 && path != NULL && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static void count(void)
{
    const char *path = getenv("FAILING_DISK_COUNT");
    int file = path == NULL ? -1 : raw_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
    if (file < 0) return;
    if (syscall(SYS_write, file, ".", 1) != 1) { /* The count is short by one. */ }
    syscall(SYS_close, file);
}

/* Whether an operation fails now; errno says how. */
static int fails(const char *operation)
{
    const char *path = getenv("FAILING_DISK_CONTROL");
    char text[256];
    int saved = errno, file, code = 0, consumed = 0;
    long length;
    if (path == NULL || (file = raw_open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        errno = saved;
        return 0;
    }
    length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    errno = saved;
    if (length <= 0) return 0;
    text[length] = 0;
    if (sscanf(text, "%d %n", &code, &consumed) != 1 || strstr(text + consumed, operation) == NULL) return 0;
    count();
    errno = code;
    return 1;
}

static int fails_at(const char *operation, const char *path)
{
    char whole[PATH_MAX];
    if (path == NULL) return 0;
    if (path[0] != '/' && getcwd(whole, sizeof whole) != NULL) {
        size_t length = strlen(whole);
        snprintf(whole + length, sizeof whole - length, "/%s", path);
        path = whole;
    }
    return is_below(path) && fails(operation);
}

static int fails_on(const char *operation, int file)
{
    char link[64], path[PATH_MAX];
    long length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path) && fails(operation);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRITES(flags) (((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0)

#define OPEN(name)                                                                                                     \
    EXPORT int name(const char *path, int flags, ...)                                                                  \
    {                                                                                                                  \
        mode_t mode = 0;                                                                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        if (flags & O_CREAT) mode = va_arg(rest, mode_t);                                                              \
        va_end(rest);                                                                                                  \
        if (WRITES(flags) && fails_at("open", path)) return -1;                                                        \
        return NEXT(name)(path, flags, mode);                                                                          \
    }
OPEN(open)
OPEN(open64)

#define WRITE(name, parameters, arguments)                                                                             \
    EXPORT ssize_t name parameters { return fails_on("write", file) ? -1 : NEXT(name) arguments; }
WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size))
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))
WRITE(writev, (int file, const struct iovec *parts, int many), (file, parts, many))
WRITE(pwritev, (int file, const struct iovec *parts, int many, off_t at), (file, parts, many, at))
WRITE(pwritev64, (int file, const struct iovec *parts, int many, off64_t at), (file, parts, many, at))

EXPORT int fsync(int file) { return fails_on("sync", file) ? -1 : NEXT(fsync)(file); }
EXPORT int fdatasync(int file) { return fails_on("sync", file) ? -1 : NEXT(fdatasync)(file); }
EXPORT int rename(const char *from, const char *to) { return fails_at("rename", to) ? -1 : NEXT(rename)(from, to); }
EXPORT int unlink(const char *path) { return fails_at("unlink", path) ? -1 : NEXT(unlink)(path); }
EXPORT int mkdir(const char *path, mode_t mode) { return fails_at("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }
