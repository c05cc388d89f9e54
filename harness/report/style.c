/* style.c - what tells one backend from another. */
#include "harness/report/style.h"

#include <stdbool.h>
#include <string.h>

static bool is_plugin(const struct plan *plan, size_t backend)
{
	return strchr(plan->axes.backends[backend], '/') != NULL;
}

size_t report_style(const struct plan *plan, size_t backend)
{
	bool plugin = is_plugin(plan, backend);
	size_t before = 0;

	for (size_t b = 0; b < plan->axes.backend_count; b++)
		if (b < backend ? is_plugin(plan, b) <= plugin
				: plugin && !is_plugin(plan, b))
			before++;
	return before;
}

const char *report_style_sign(size_t style)
{
	static const char *const signs[STYLE_SIGNS] = {
		"M-4.2-4.2h8.4v8.4h-8.4z",
		"M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
		"M0-5.8L5.6 4.2h-11.2z",
		"M0-6.2L6.2 0L0 6.2L-6.2 0z",
		"M0 5.8L5.6-4.2h-11.2z",
		"M0-5.8L5.5-1.8L3.4 4.7h-6.8L-5.5-1.8z",
	};

	return signs[style % STYLE_SIGNS];
}
