/*
 * plain_ring.c - for LD_PRELOAD: liburing makes every ring without DEFER_TASKRUN and
 * COOP_TASKRUN, as if the kernel took them and thought nothing of it.
 *
 * With DEFER_TASKRUN the kernel completes only as many operations as an enter asks for,
 * so its completion queue never overflows. Without, all that came in while the server was
 * stopped is completed at once when it goes on (io_uring_setup(2)), past any queue.
 */
#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>

int io_uring_queue_init_params(
	unsigned entries, struct io_uring *ring, struct io_uring_params *params)
{
	int (*original)(unsigned, struct io_uring *, struct io_uring_params *);

	/* dlsym(3), "NOTES": an object pointer that is a function */
	*(void **)&original = dlsym(RTLD_NEXT, "io_uring_queue_init_params");
	if (!original)
		return -EINVAL;
	params->flags &=
		~(unsigned)(IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN);
	return original(entries, ring, params);
}
