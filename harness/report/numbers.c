/* numbers.c - numbers as a report shows them. */
#include "harness/report/numbers.h"

#include "harness/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOTHING "–"
#define SPACE   "\u00a0" /* that no line is broken at */
#define NS_MAX  1e20     /* no 64 bits hold more: not a time */

static const struct report_number nothing = {NOTHING};

struct unit {
	double scale;
	const char *name;
};

static const struct unit ns_units[] = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};

/* The unit in which value has one to three digits before the point. */
static const struct unit *ns_unit(double ns)
{
	size_t i = 0;

	while (i < 3 && fabs(ns) >= 999.5 * ns_units[i].scale)
		i++;
	return &ns_units[i];
}

/* As many decimals as make three digits. */
static int decimals(double value)
{
	value = fabs(value);
	if (value >= 99.95)
		return 0;
	return value < 9.995 ? 2 : 1;
}

static int ns_decimals(double ns, const struct unit *unit)
{
	return unit->scale > 1 ? decimals(ns / unit->scale) : fabs(ns) < 9.95;
}

struct report_number report_ns(double ns)
{
	struct report_number out;
	const struct unit *unit = ns_unit(ns);

	if (!(fabs(ns) < NS_MAX))
		return nothing;
	snprintf(out.text, sizeof(out.text), "%.*f" SPACE "%s", ns_decimals(ns, unit),
		ns / unit->scale, unit->name);
	return out;
}

struct report_number report_ns_range(double low_ns, double high_ns)
{
	struct report_number out;
	const struct unit *unit = ns_unit(high_ns);

	if (!(fabs(low_ns) < NS_MAX) || !(fabs(high_ns) < NS_MAX))
		return nothing;
	if (ns_unit(low_ns) != unit)
		snprintf(out.text, sizeof(out.text), "%.20s – %.20s",
			report_ns(low_ns).text, report_ns(high_ns).text);
	else
		snprintf(out.text, sizeof(out.text), "%.*f–%.*f" SPACE "%s",
			ns_decimals(low_ns, unit), low_ns / unit->scale,
			ns_decimals(high_ns, unit), high_ns / unit->scale, unit->name);
	return out;
}

struct report_number report_count(double count)
{
	struct report_number out;

	if (!isfinite(count) || count < 0 || count > 9e18)
		return nothing;
	human_count((uint64_t)llround(count), out.text, sizeof(out.text));
	return out;
}

struct report_number report_rate(double rate)
{
	struct report_number out;

	if (!isfinite(rate) || rate < 0)
		return nothing;
	if (rate >= 99.95)
		return report_count(rate);
	snprintf(out.text, sizeof(out.text), "%.*f", decimals(rate), rate);
	return out;
}

struct report_number report_ratio(double ratio)
{
	struct report_number out;

	if (!isfinite(ratio) || ratio < 0 || ratio > 9e18)
		return nothing;
	if (ratio < 1.9995)
		snprintf(out.text, sizeof(out.text), "%.3f×", ratio);
	else {
		human_ratio(ratio, out.text, sizeof(out.text) - 8);
		strcat(out.text, "×");
	}
	return out;
}

/* Near 1 the third decimal tells on which side of it an end lies. */
static int ratio_decimals(double ratio)
{
	return ratio < 1.9995 ? 3 : decimals(ratio);
}

struct report_number report_ratio_range(double low, double high)
{
	struct report_number out;

	if (!isfinite(low) || !isfinite(high))
		return nothing;
	snprintf(out.text, sizeof(out.text), "%.*f–%.*f", ratio_decimals(low), low,
		ratio_decimals(high), high);
	return out;
}

struct report_number report_calls(double calls)
{
	struct report_number out;

	if (!isfinite(calls))
		return nothing;
	snprintf(out.text, sizeof(out.text), "%.3f", calls);
	return out;
}

struct report_number report_percent(double share)
{
	struct report_number out;

	if (!isfinite(share))
		return nothing;
	snprintf(out.text, sizeof(out.text), "%.*f" SPACE "%%",
		fabs(share) < 0.0995 && share != 0 ? 1 : 0, 100 * share);
	return out;
}

struct report_number report_bytes(double bytes)
{
	static const struct unit units[] = {
		{1, "B"}, {1024, "KiB"}, {1048576, "MiB"}, {1073741824, "GiB"}};
	struct report_number out;
	size_t i = 0;

	if (!isfinite(bytes))
		return nothing;
	while (i < 3 && bytes >= 10000 * units[i].scale)
		i++;
	if (i == 0 && bytes != round(bytes))
		snprintf(out.text, sizeof(out.text), "%.*f" SPACE "B", decimals(bytes),
			bytes);
	else
		snprintf(out.text, sizeof(out.text), "%.40s" SPACE "%s",
			report_count(bytes / units[i].scale).text, units[i].name);
	return out;
}

struct report_number report_percentile(double inverse)
{
	struct report_number out;
	int digits = 0;

	if (!isfinite(inverse) || inverse < 1)
		return nothing;
	/* As many decimals as it has, for 1 - 1/n rounds to 100 % soon. */
	double percent = 100 * (1 - 1 / inverse);

	while (digits < 9 && fabs(percent - round(percent * pow(10, digits)) /
						    pow(10, digits)) > 1e-9 * percent)
		digits++;
	snprintf(out.text, sizeof(out.text), "%.*f" SPACE "%%", digits, percent);
	return out;
}

double report_low(const struct spread *spread)
{
	return spread->interval_known ? spread->low : spread->min;
}

double report_high(const struct spread *spread)
{
	return spread->interval_known ? spread->high : spread->max;
}
