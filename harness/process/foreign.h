/*
 * foreign.h - other people's servers beside our backends: how each is called, and how it
 * is started or where it runs.
 *
 * Such a server has a name like a backend and takes part in the same trials, but it tells
 * nothing: what is known of it is what can be seen from outside (foreign_peer.h).
 */
#ifndef HARNESS_PROCESS_FOREIGN_H
#define HARNESS_PROCESS_FOREIGN_H

#include "harness/process/backends.h"
#include "harness/process/endpoint.h"

#include "common/problem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { FOREIGN_MAX = 16 };

enum foreign_kind {
	FOREIGN_EXEC,   /* a fresh process for each trial */
	FOREIGN_TARGET, /* one that runs already, the same for all of them */
};

struct foreign {
	enum foreign_kind kind;
	char name[BACKEND_NAME_BYTES];
	char *text;                     /* what follows NAME=; owned */
	char **words;                   /* of a command, {port} among them; owned */
	char host[ENDPOINT_HOST_BYTES]; /* of a target */
	int port;
	bool from_plan; /* a file named it, not the command line */
};

/* In the order given. */
struct foreign_list {
	struct foreign entries[FOREIGN_MAX];
	size_t count;
};

/*
 * Adds what the option of that kind was given, "NAME=COMMAND {port}" or "NAME=HOST:PORT".
 * 0, or -EINVAL or -ENOMEM with problem.
 */
int foreign_add(struct foreign_list *list, enum foreign_kind kind, const char *text,
	struct problem *problem);
void foreign_free(struct foreign_list *list);

/* NULL: there is none of that name. */
const struct foreign *foreign_find(const struct foreign_list *list, const char *name);

/* 0, or -EINVAL with problem: a name is one of ours, in whatever case. */
int foreign_check_names(const struct foreign_list *list,
	const struct backend_list *backends, struct problem *problem);

/* "--exec", "--target". */
const char *foreign_option(enum foreign_kind kind);

/* All of that kind as the option takes them: ["NAME=...", ...]. */
json_t *foreign_plan_json(const struct foreign_list *list, enum foreign_kind kind);

/* For a result: [{"name", "command" or null, "address" or null}, ...]. */
json_t *foreign_config_json(const struct foreign_list *list);

#endif
