/* verdict.h - what a case came to, as text for people and for JSON. */
#ifndef HARNESS_CONFORM_VERDICT_H
#define HARNESS_CONFORM_VERDICT_H

enum verdict_status { VERDICT_PASS, VERDICT_FAIL, VERDICT_SKIP };

struct verdict {
	enum verdict_status status;
	char expected[256]; /* of a failure; else "" */
	char seen[1024];    /* of a failure; of a skip why; of a pass what was measured */
};

/* "pass", "fail", "skip". */
const char *verdict_name(enum verdict_status status);

#endif
