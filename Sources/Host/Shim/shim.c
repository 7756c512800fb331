#define _GNU_SOURCE
#include "host_shim.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

pid_t host_spawn(char *const arguments[], const int descriptors[], const int standard[3], bool own_session) {
    pid_t parent = getpid();
    // The exec's failure comes back through a pipe that a successful exec closes.
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);    // the parent ended before the line above
        if (own_session) setsid();
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        for (int i = 0; i < 3; i++) {
            if (standard[i] >= 0) dup2(standard[i], i);
        }
        for (const int *d = descriptors; *d >= 0; d++) fcntl(*d, F_SETFD, 0);
        execvp(arguments[0], arguments);
        int error = errno;
        (void)!write(report[1], &error, sizeof error);
        _exit(127);
    }
    close(report[1]);
    int error = child < 0 ? errno : 0;
    if (child > 0 && read(report[0], &error, sizeof error) != sizeof error) error = 0;
    close(report[0]);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return child;
}

int host_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); }

static int unix_address(const char *path, struct sockaddr_un *address) {
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int host_listen(const char *path) {
    struct sockaddr_un address;
    int descriptor = unix_address(path, &address);
    if (descriptor < 0) return -1;
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
        // One that nobody answers at any more is in the way; a living server keeps its own.
        int other = host_connect(path);
        if (other >= 0) {
            close(other);
            close(descriptor);
            errno = EADDRINUSE;
            return -1;
        }
        unlink(path);
    }
    mode_t mask = umask(0177);
    int result = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (result == 0) result = listen(descriptor, SOMAXCONN);
    if (result < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int host_connect(const char *path) {
    struct sockaddr_un address;
    int descriptor = unix_address(path, &address);
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

pid_t host_peer(int descriptor) {
    struct ucred credentials = { .pid = -1 };
    socklen_t size = sizeof credentials;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.pid : -1;
}

int host_memory_file(void) { return memfd_create("barejax", MFD_CLOEXEC); }
