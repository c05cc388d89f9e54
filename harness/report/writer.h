/*
 * writer.h - what a report consists of, in whichever form it is shown.
 *
 * What stands in it is decided once (content.h); a form only says how a heading, a
 * table or a figure looks. Texts are plain UTF-8: escaping is the form's business.
 */
#ifndef HARNESS_REPORT_WRITER_H
#define HARNESS_REPORT_WRITER_H

#include "harness/report/chart.h"
#include "harness/report/table.h"
#include "harness/statistics/complexity.h"

#include <stdbool.h>
#include <stdio.h>

struct report_writer {
	const struct report_form *form;
	FILE *out;
	bool colour; /* a terminal that takes colours */
	bool failed; /* for want of memory something is missing */
};

struct report_fact {
	const char *name;
	const char *text;
};

struct report_anchor {
	const char *id; /* letters, digits and '-' */
	const char *title;
};

struct report_head {
	const char *title;
	const char *subtitle;
	const struct report_fact *facts;
	size_t fact_count;
	const struct report_anchor *sections; /* what follows */
	size_t section_count;
};

/* A judgement on one curve, to be quoted. */
struct report_verdict {
	const char *backend;
	size_t style;
	const char *name; /* "linear", "flat" ... */
	enum complexity_verdict verdict;
	const char *sentence;
	const char *standing; /* whether it may be published, and if not, why */
	bool publishable;
};

/* NULL: the form does not show such a thing. */
struct report_form {
	bool complete; /* shows every trial and every detail, too */
	void (*begin)(struct report_writer *writer, const struct report_head *head);
	void (*section)(struct report_writer *writer, const struct report_anchor *anchor);
	void (*heading)(struct report_writer *writer, const char *title);
	void (*paragraph)(struct report_writer *writer, const char *text);
	/* What a reader must not overlook. */
	void (*warning)(struct report_writer *writer, const char *text);
	/* To be typed as it stands. */
	void (*command)(struct report_writer *writer, const char *text);
	void (*verdicts)(struct report_writer *writer, const struct report_verdict *list,
		size_t count);
	void (*table)(struct report_writer *writer, const struct report_table *table);
	void (*figure)(struct report_writer *writer, const struct figure *figure);
	/* What stands between these two is shown on demand. */
	void (*fold)(struct report_writer *writer, const char *title);
	void (*unfold)(struct report_writer *writer);
	void (*end)(struct report_writer *writer);
};

extern const struct report_form report_form_html, report_form_markdown, report_form_text;

/* Each as the form has it; what the form does not show, what is empty, is left out. */
void writer_begin(struct report_writer *writer, const struct report_head *head);
void writer_section(struct report_writer *writer, const struct report_anchor *anchor);
void writer_heading(struct report_writer *writer, const char *title);
void writer_paragraph(struct report_writer *writer, const char *text);
void writer_warning(struct report_writer *writer, const char *text);
void writer_command(struct report_writer *writer, const char *text);
void writer_verdicts(
	struct report_writer *writer, const struct report_verdict *list, size_t count);
void writer_table(struct report_writer *writer, const struct report_table *table);
void writer_figure(struct report_writer *writer, const struct figure *figure);
void writer_fold(struct report_writer *writer, const char *title);
void writer_unfold(struct report_writer *writer);
void writer_end(struct report_writer *writer);

#endif
