/* crowd.c - one thread with its clients. */
#include "tests/soak/crowd.h"

#include "common/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	BATCH = 128,
	TICK_MS = 1,
	FAULTS_ENOUGH =
		50,        /* after so many nobody new is started: the verdict is clear */
	SOURCES_BITS = 12, /* 4096 addresses a crowd, from 127.64.0.1 on */
};

#define SOURCE_NET 0x7f400001U
#define TICK_NS    (TICK_MS * NS_PER_MS)

static bool start_client(struct crowd *crowd, int kind, struct client *place)
{
	int error = client_start(place, &crowd->world, kind, crowd->next_number);

	crowd->next_number += crowd->settings.crowds;
	if (error < 0) {
		tally_set(&crowd->unable, (uint64_t)-error);
		return false;
	}
	if (place->fd >= 0)
		crowd->live[kind]++;
	return true;
}

/* Starts clients until so many of this kind are live; *at is where free places may be. */
static void fill_kind(struct crowd *crowd, int kind, unsigned share, unsigned *at)
{
	if (kinds[kind].together && crowd->live[kind] > 0)
		return;
	while (crowd->live[kind] < share && *at < crowd->settings.places) {
		struct client *place = &crowd->clients[*at];

		++*at;
		if (place->fd < 0 && !start_client(crowd, kind, place))
			return;
	}
}

static void fill(struct crowd *crowd)
{
	unsigned shares[KIND_COUNT], at = 0;
	uint64_t order = crowd->obeyed;

	if ((order != CROWD_STORM && order != CROWD_CALM) || tally_get(&crowd->unable) ||
		tally_faults(&crowd->tally) >= FAULTS_ENOUGH)
		return;
	balance_shares(
		&crowd->balance, crowd->settings.clients, order == CROWD_CALM, shares);
	/* Last those who fill whatever is left: the dial may just have moved. */
	for (int kind = KIND_COUNT - 1; kind >= 0; kind--)
		fill_kind(crowd, kind, shares[kind], &at);
}

/* Serves one client; its place may be free after it. */
static void serve(struct crowd *crowd, struct client *client, unsigned events)
{
	if (client->fd < 0)
		return;
	client_step(client, &crowd->world, events);
	if (client->fd < 0)
		crowd->live[client->kind]--;
}

/* Does to each client what must be done to it now and then. */
static void for_each(struct crowd *crowd,
	void (*action)(struct client *client, struct client_world *world))
{
	for (unsigned i = 0; i < crowd->settings.places; i++) {
		struct client *client = &crowd->clients[i];

		if (client->fd < 0)
			continue;
		action(client, &crowd->world);
		if (client->fd < 0)
			crowd->live[client->kind]--;
	}
}

static void tick(struct crowd *crowd)
{
	if (crowd->world.now_ns - crowd->ticked_ns < TICK_NS)
		return;
	crowd->ticked_ns = crowd->world.now_ns;
	for_each(crowd, client_tick);
	if (crowd->obeyed == CROWD_STORM)
		balance_look(&crowd->balance, crowd->world.now_ns,
			tally_get(&crowd->tally.connections) - crowd->warm_connections,
			tally_get(&crowd->tally.bytes_verified) - crowd->warm_bytes);
}

static void take_order(struct crowd *crowd)
{
	uint64_t order = __atomic_load_n(&crowd->order, __ATOMIC_ACQUIRE);
	unsigned at = 0;

	if (order == crowd->obeyed)
		return;
	if (order == CROWD_WARM_UP)
		fill_kind(crowd, KIND_WARM_UP, crowd->settings.places, &at);
	else
		for_each(crowd, client_hurry);
	if (order == CROWD_STORM) {
		crowd->warm_connections = tally_get(&crowd->tally.connections);
		crowd->warm_bytes = tally_get(&crowd->tally.bytes_verified);
	}
	__atomic_store_n(&crowd->obeyed, order, __ATOMIC_RELEASE);
}

static void *run(void *context)
{
	struct crowd *crowd = context;
	struct epoll_event events[BATCH];

	while (crowd->obeyed != CROWD_LEAVE || tally_get(&crowd->tally.live) > 0) {
		crowd->world.now_ns = clock_now_ns();
		take_order(crowd);
		tick(crowd);
		fill(crowd);
		int count = epoll_wait(crowd->world.epoll_fd, events, BATCH, TICK_MS);

		crowd->world.now_ns = clock_now_ns();
		for (int i = 0; i < count; i++)
			serve(crowd, events[i].data.ptr, events[i].events);
	}
	return NULL;
}

static void release(struct crowd *crowd)
{
	if (crowd->world.epoll_fd >= 0)
		close(crowd->world.epoll_fd);
	free(crowd->world.scratch);
	free(crowd->clients);
}

static int prepare(struct crowd *crowd, const struct crowd_settings *settings)
{
	crowd->clients = calloc(settings->places, sizeof(*crowd->clients));
	crowd->world = (struct client_world){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.target = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)settings->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
		.source_net = SOURCE_NET + (settings->index << SOURCES_BITS),
		.pool = settings->pool,
		.scratch = malloc(CLIENT_SCRATCH_BYTES),
		.tally = &crowd->tally,
		.seed = settings->seed,
		.patience_ns = settings->patience_ns,
	};
	if (crowd->world.epoll_fd < 0)
		return -errno;
	if (!crowd->clients || !crowd->world.scratch)
		return -ENOMEM;
	for (unsigned i = 0; i < settings->places; i++)
		crowd->clients[i].fd = -1;
	return 0;
}

int crowd_start(struct crowd *crowd, const struct crowd_settings *settings)
{
	*crowd = (struct crowd){
		.settings = *settings,
		.order = CROWD_REST,
		.obeyed = CROWD_REST,
		.next_number = settings->index,
	};
	balance_init(&crowd->balance, settings->goal_connections, settings->goal_bytes);
	int error = prepare(crowd, settings);

	if (error == 0)
		error = -pthread_create(&crowd->thread, NULL, run, crowd);
	if (error < 0)
		release(crowd);
	return error;
}

void crowd_command(struct crowd *crowd, enum crowd_order order)
{
	__atomic_store_n(&crowd->order, order, __ATOMIC_RELEASE);
}

bool crowd_is_empty(const struct crowd *crowd)
{
	uint64_t order = __atomic_load_n(&crowd->order, __ATOMIC_RELAXED);

	return __atomic_load_n(&crowd->obeyed, __ATOMIC_ACQUIRE) == order &&
	       tally_get(&crowd->tally.live) == 0;
}

void crowd_end(struct crowd *crowd)
{
	crowd_command(crowd, CROWD_LEAVE);
	pthread_join(crowd->thread, NULL);
	release(crowd);
}
