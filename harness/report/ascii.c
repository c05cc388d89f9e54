/* ascii.c - a chart drawn with letters, for a terminal. */
#include "harness/report/ascii.h"

#include "harness/report/scale.h"

#include <math.h>
#include <string.h>

enum { LEFT = 9, WIDTH = 76, HEIGHT = 20 };

struct canvas {
	char rows[HEIGHT][WIDTH + 1];
	struct scale x, y;
};

char report_ascii_letter(size_t style)
{
	static const char letters[] = "#oA*vpBCDEFGHIJKLMNOPQRSTUVWXYZ";

	return letters[style % (sizeof(letters) - 1)];
}

static void put_mark(struct canvas *canvas, double x, double y, char letter, bool over)
{
	long column = lround(x), row = lround(y);

	if (row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH)
		return;
	char *place = &canvas->rows[row][column];

	if (over || *place == ' ')
		*place = letter;
}

static void put_line(
	struct canvas *canvas, const struct chart_point *a, const struct chart_point *b)
{
	double x1 = scale_at(&canvas->x, a->x), y1 = scale_at(&canvas->y, a->y);
	double x2 = scale_at(&canvas->x, b->x), y2 = scale_at(&canvas->y, b->y);
	double steps = fmax(fabs(x2 - x1), fabs(y2 - y1));

	for (double i = 1; i < steps; i++)
		put_mark(canvas, x1 + (x2 - x1) * i / steps, y1 + (y2 - y1) * i / steps,
			'.', false);
}

static void put_series(struct canvas *canvas, const struct chart_series *series)
{
	for (size_t i = 0; i < series->count; i++) {
		if (i > 0 && (series->look & CHART_LINE))
			put_line(canvas, &series->points[i - 1], &series->points[i]);
		put_mark(canvas, scale_at(&canvas->x, series->points[i].x),
			scale_at(&canvas->y, series->points[i].y),
			report_ascii_letter(series->style), true);
	}
}

/* The micro sign takes two bytes and one column. */
static void put_name(FILE *out, const char *name)
{
	char text[SCALE_TICK_BYTES];
	size_t used = 0;

	for (; *name; name++)
		if ((*name & 0x80) == 0)
			text[used++] = *name;
		else if ((*name & 0xc0) != 0x80)
			text[used++] = 'u';
	text[used] = '\0';
	fprintf(out, "%*s", LEFT - 2, text);
}

static void put_rows(FILE *out, const struct chart *chart, const struct canvas *canvas)
{
	struct scale_tick ticks[SCALE_TICKS_MAX];
	size_t count = scale_ticks(&canvas->y, chart->y.unit, 2, ticks);

	for (int row = 0; row < HEIGHT; row++) {
		const char *name = "";

		for (size_t i = 0; i < count; i++)
			if (*ticks[i].text &&
				lround(scale_at(&canvas->y, ticks[i].value)) == row)
				name = ticks[i].text;
		put_name(out, name);
		size_t length = WIDTH;

		while (length > 0 && canvas->rows[row][length - 1] == ' ')
			length--;
		fprintf(out, " %c%.*s\n", *name ? '+' : '|', (int)length,
			canvas->rows[row]);
	}
}

static void put_x_axis(FILE *out, const struct chart *chart, const struct canvas *canvas)
{
	struct scale_tick ticks[SCALE_TICKS_MAX];
	size_t count = scale_ticks(&canvas->x, chart->x.unit, 9, ticks);
	char line[WIDTH + SCALE_TICK_BYTES + 1], names[WIDTH + SCALE_TICK_BYTES + 1];
	size_t end = 0;

	memset(line, '-', WIDTH);
	line[WIDTH] = '\0';
	memset(names, ' ', sizeof(names) - 1);
	names[sizeof(names) - 1] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t column = (size_t)lround(scale_at(&canvas->x, ticks[i].value));
		size_t length = strlen(ticks[i].text);

		if (length == 0 || column >= WIDTH)
			continue;
		line[column] = '+';
		size_t from = column > length / 2 ? column - length / 2 : 0;

		if (from < end)
			continue;
		memcpy(names + from, ticks[i].text, length);
		end = from + length + 1;
	}
	names[end] = '\0';
	fprintf(out, "%*s+%s\n%*s%s\n%*s%s\n", LEFT - 1, "", line, LEFT, "", names,
		LEFT + WIDTH / 2 - (int)strlen(chart->x.title) / 2, "", chart->x.title);
}

void report_ascii(FILE *out, const struct chart *chart)
{
	struct canvas canvas = {
		.x = scale_x(chart, 0, WIDTH - 1),
		.y = scale_y(chart, HEIGHT - 1, 0),
	};

	memset(canvas.rows, ' ', sizeof(canvas.rows));
	for (size_t s = 0; s < chart->series_count; s++)
		put_series(&canvas, &chart->series[s]);
	put_rows(out, chart, &canvas);
	put_x_axis(out, chart, &canvas);
}
