// Starting a program whose life is bound to ours: fork and prctl, which Swift cannot call.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/// Starts `arguments[0]` (found by PATH) so that it is killed when the calling thread ends, however that happens.
/// `descriptors` (ended by −1) stay open in it under their numbers; of the others only 0, 1 and 2.
/// `standard[i]`, where not −1, becomes descriptor i. With `own_session` it has no terminal and gets none of its signals.
/// Returns the process's number, or −1 with errno.
pid_t host_spawn(char *const arguments[], const int descriptors[], const int standard[3], bool own_session);

/// Opens both ends of a stream socket, closed on exec. 0, or −1 with errno.
int host_socket_pair(int ends[2]);

/// A listening Unix socket for the owner only; −1 with errno.
int host_listen(const char *path);

/// Connects to a Unix socket; −1 with errno.
int host_connect(const char *path);

/// The process at the other end of a Unix socket; −1 where that is not known.
pid_t host_peer(int descriptor);

/// An empty file without a name; −1 with errno.
int host_memory_file(void);
