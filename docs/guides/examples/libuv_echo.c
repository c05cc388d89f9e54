/*
 * libuv_echo.c - libuv_echo PORT: an echo server on libuv, as quick as its streams allow.
 *
 * All connections read into one buffer, for a callback is done with it before the next
 * read; the answer goes out at once (uv_try_write), and only what a client does not take
 * is copied and left to the loop (uv_write), while no more is read from it.
 *
 *	cc -O2 libuv_echo.c -luv -o libuv_echo
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { CHUNK_BYTES = 65536, BACKLOG = 4096 };

struct rest {
	uv_write_t request;
	uv_stream_t *stream;
	char bytes[]; /* what the client has not taken yet */
};

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void end_connection(uv_stream_t *stream)
{
	if (!uv_is_closing((uv_handle_t *)stream))
		uv_close((uv_handle_t *)stream, on_closed);
}

/* loop->data is the buffer. */
static void give_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	(void)wanted;
	*buffer = uv_buf_init(handle->loop->data, CHUNK_BYTES);
}

static void on_written(uv_write_t *request, int status)
{
	struct rest *rest = (struct rest *)request;
	uv_stream_t *stream = rest->stream;

	free(rest);
	if (status < 0 || uv_read_start(stream, give_buffer, on_read) < 0)
		end_connection(stream);
}

static int write_rest(uv_stream_t *stream, const char *bytes, size_t count)
{
	struct rest *rest = malloc(sizeof(*rest) + count);
	uv_buf_t buffer;

	if (!rest)
		return UV_ENOMEM;
	memcpy(rest->bytes, bytes, count);
	rest->stream = stream;
	buffer = uv_buf_init(rest->bytes, (unsigned)count);
	uv_read_stop(stream);
	int error = uv_write(&rest->request, stream, &buffer, 1, on_written);

	if (error < 0)
		free(rest);
	return error;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	uv_buf_t answer;

	if (count == 0) /* EAGAIN */
		return;
	if (count < 0) {
		end_connection(stream);
		return;
	}
	answer = uv_buf_init(buffer->base, (unsigned)count);
	int sent = uv_try_write(stream, &answer, 1);

	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0 || (sent < count && write_rest(stream, buffer->base + sent,
						 (size_t)(count - sent)) < 0))
		end_connection(stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
	uv_tcp_t *connection = status < 0 ? NULL : malloc(sizeof(*connection));

	if (!connection)
		return;
	uv_tcp_init(listener->loop, connection);
	if (uv_accept(listener, (uv_stream_t *)connection) < 0 ||
		uv_tcp_nodelay(connection, 1) < 0 ||
		uv_read_start((uv_stream_t *)connection, give_buffer, on_read) < 0)
		end_connection((uv_stream_t *)connection);
}

int main(int argc, char *argv[])
{
	uv_loop_t *loop = uv_default_loop();
	struct sockaddr_in address;
	uv_tcp_t listener;

	signal(SIGPIPE, SIG_IGN); /* a client may be gone before its answer */
	loop->data = malloc(CHUNK_BYTES);
	if (!loop->data || uv_tcp_init(loop, &listener) < 0)
		return 1;
	uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7777, &address);
	int error = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);

	if (error == 0)
		error = uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection);
	if (error < 0) {
		fprintf(stderr, "libuv_echo: %s\n", uv_strerror(error));
		return 1;
	}
	return uv_run(loop, UV_RUN_DEFAULT);
}
