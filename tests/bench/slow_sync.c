/* A disk that syncs slowly, for the bench: adds BENCH_SYNC_US microseconds to every fsync and fdatasync of the process.
 *
 * Built into a shared object and given to LD_PRELOAD by shim.py. The real sync comes first, so that what is promised is
 * still on disk. The wait is a sleep, as that for a device is, so other threads go on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_call)(int);

static void wait_for_the_disk(void)
{
    const char *text = getenv("BENCH_SYNC_US");
    long us = text ? atol(text) : 0;
    struct timespec left = {us / 1000000, (us % 1000000) * 1000};
    while (us > 0 && nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

static int slowly(const char *name, int fd)
{
    sync_call real = (sync_call)dlsym(RTLD_NEXT, name);
    if (real == NULL) {
        errno = ENOSYS;
        return -1;
    }
    int result = real(fd);
    int error = errno;
    wait_for_the_disk();
    errno = error;
    return result;
}

int fsync(int fd)
{
    return slowly("fsync", fd);
}

int fdatasync(int fd)
{
    return slowly("fdatasync", fd);
}
