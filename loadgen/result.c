/* result.c - what muxbench-load says, as JSON. */
#include "loadgen/result.h"

#include "common/records.h"

#include <string.h>
#include <unistd.h>

enum { PROTOCOL = 1 };

/* What stands between blanks, as an array. */
static json_t *words(const char *text)
{
	json_t *array = json_array();

	while (*(text += strspn(text, " "))) {
		size_t length = strcspn(text, " ");

		json_array_append_new(array, json_stringn(text, length));
		text += length;
	}
	return array;
}

json_t *result_connected(const struct load *load, const struct options *options)
{
	uint64_t held = options->connections_idle +
			(options->churn_requests ? 0 : options->connections_active);

	return json_pack("{ss si si ss so so so so so so so so}", "event", "connected",
		"protocol", PROTOCOL, "pid", (int)getpid(), "engine",
		engine_kind_name(options->engine), "engine_modes",
		words(engine_modes(load->engine)), "connections_idle",
		record_u64(options->connections_idle), "connections_active",
		record_u64(options->connections_active), "connections_held",
		record_u64(held), "processes", record_u64(1 + load->holders.count),
		"connect_ns", record_u64(load->connect_ns), "descriptors_soft",
		record_u64(load->descriptors_soft), "descriptors_hard",
		record_u64(load->descriptors_hard));
}

static json_t *counters(const struct engine_result *result)
{
	return json_pack("{so so so so so so so so so}", "requests_completed",
		record_u64(result->requests_completed), "requests_started",
		record_u64(result->requests_started), "requests_intended",
		result->is_open_loop ? record_u64(result->requests_intended)
				     : json_null(),
		"connections_opened", record_u64(result->connections_opened), "bytes_tx",
		record_u64(result->bytes_tx), "bytes_rx", record_u64(result->bytes_rx),
		"errors", record_u64(result->errors), "bytes_wrong",
		record_u64(result->bytes_wrong), "connections_lost",
		record_u64(result->connections_lost));
}

static json_t *histogram_or_null(const struct histogram *histogram, bool measured)
{
	return measured ? record_from_histogram(histogram) : json_null();
}

json_t *result_done(const struct engine_result *result)
{
	/* A closed loop has no response time and no lag: null, not measured. */
	bool open = result->is_open_loop;
	json_t *latency = json_pack("{so so so so}", "response",
		histogram_or_null(&result->response, open), "service",
		histogram_or_null(&result->service, true), "send_lag",
		histogram_or_null(&result->send_lag, open), "connect",
		histogram_or_null(&result->connect, result->is_churn));

	return json_pack("{ss so so so so ss? ss?}", "event", "done", "measured_ns",
		record_u64(result->measured_ns), "counters", counters(result), "usage",
		record_from_usage(&result->usage), "latency", latency, "wait_method",
		result->wait_method, "errors_first",
		result->errors ? result->first_error.text : NULL);
}

json_t *result_unsupported(enum engine_kind engine, const char *reason)
{
	return json_pack("{ss ss ss}", "event", "unsupported", "engine",
		engine_kind_name(engine), "reason", reason);
}

json_t *result_error(const char *reason)
{
	return json_pack("{ss ss}", "event", "error", "reason", reason);
}
