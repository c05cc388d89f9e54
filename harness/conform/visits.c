/* visits.c - connections that come and go fast, in every way that there is to end one. */
#include "harness/conform/visits.h"

enum { AT_ONCE = 4 };

/* Ends a connection somehow. */
static bool leave(struct client *client, size_t way)
{
	switch (way % 5) {
	case 0:
		client_close(client);
		return true;
	case 1:
		client_reset(client);
		return true;
	case 2:
		if (!client_finish(client) || !client_expect_end(client))
			return false;
		client_close(client);
		return true;
	case 3: /* with bytes on their way to us: the kernel answers them with RST */
		if (!client_send(client, 100))
			return false;
		client_close(client);
		return true;
	default: /* with bytes that the server has not read, or reads after the end */
		if (!client_send(client, 200))
			return false;
		client_reset(client);
		return true;
	}
}

bool visits_make(struct scene *scene, size_t count)
{
	struct client *clients = scene_clients(scene, AT_ONCE);

	for (size_t i = 0; clients && i < count; i++) {
		struct client *client = &clients[i % AT_ONCE];

		scene_doing(scene, "connection %zu of %zu", i + 1, count);
		if (i >= AT_ONCE && !leave(client, i / AT_ONCE))
			return false;
		if (!client_connect(client, CLIENT_PLAIN) ||
			!client_echo(client, 1 + i % 300))
			return false;
	}
	for (size_t i = 0; clients && i < AT_ONCE; i++)
		client_close(&clients[i]);
	scene_doing(scene, "%s", "");
	return clients != NULL;
}
