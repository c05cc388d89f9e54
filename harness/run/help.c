/* help.c - what `muxbench run --help` prints. */
#include "harness/run/options.h"

static const char options_text[] =
	"Usage: muxbench run [options]\n"
	"\n"
	"Measures what an echo costs each backend while more and more connections\n"
	"sit idle beside it: a table on stdout, result.json and pictures in a folder.\n"
	"\n"
	"What to run (the profile gives whatever is left out). N,N,... is a list: the\n"
	"first list with several values, in the order below, is the x axis.\n"
	"  --profile NAME       see below\n"
	"  --plan FILE          take options from a JSON file; see the manual\n"
	"  --backends A,B,...   default: all that muxbench-server --list names; a\n"
	"                       name with a '/' or ending in .so is a plug-in's path\n"
	"  --require A,B,...    do not run at all if one of these cannot (exit 5)\n"
	"  --idle N,N,...       idle connections\n"
	"  --rate-sweep R,R,... requests a second, sent when they are due whether or\n"
	"                       not the last was answered (open loop); --rate R: one\n"
	"  --active N,N,...     connections that send, each when its echo is back\n"
	"  --message-bytes B,.. size of a message (default 64; 16KiB, 1MiB)\n"
	"  --pipeline D,D,...   requests in flight on each connection (default 1)\n"
	"  --arrival A          when open-loop requests are due: constant (default)\n"
	"                       or poisson\n"
	"  --active-set S       fixed (default): the same connections are active all\n"
	"                       the time; spread: each request draws one of all\n"
	"  --workload W         echo (default); churn: connect, echo, close, again\n"
	"  --churn-requests K   echoes on a connection of churn (default 1)\n"
	"\n"
	"How:\n"
	"  --blocks R           how often each combination is run, in random order\n"
	"  --duration S         of the window that CPU and latency come from\n"
	"  --counted S          of the window that calls are counted in\n"
	"  --warmup S           before both, not counted; 0: none\n"
	"  --placement P        same-core (default), cross-core, or none (no pinning)\n"
	"  --sched S            other (default), or fifo: real-time priority while the\n"
	"                       clock runs, where that is allowed\n"
	"  --seed N             of the order and the messages (default: the clock)\n"
	"\n"
	"What becomes of it:\n"
	"  -o, --out DIR        default: results/run-DATE-TIME\n"
	"  --resume DIR         go on with a run that was cut short: no other option\n"
	"                       is needed; trials that failed are made again\n"
	"  --no-plots           do not start gnuplot\n"
	"  -q, --quiet          no progress on stderr, only problems\n"
	"  -h, --help\n"
	"\n"
	"Profiles:\n";

static const char endings_text[] =
	"\n"
	"Ctrl-C ends the run in order: what was measured is written and shown, and\n"
	"--resume goes on with it.\n"
	"Exit status: 0 done, 1 a trial failed or a file could not be written,\n"
	"2 wrong command line or plan, 3 more than a tenth of the trials invalid,\n"
	"5 cannot run here, 130 interrupted.\n"
	"\n"
	"Examples:\n"
	"  muxbench run\n"
	"  muxbench run --profile curves --out results/curves\n"
	"  muxbench run --resume results/curves\n"
	"  muxbench run --backends poll,epoll-lt --idle 0,1000,10000 --blocks 5\n"
	"  muxbench run --backends epoll-lt,./mine.so --require epoll-lt\n"
	"  muxbench run --active 100 --idle 0 --rate-sweep 10000,20000,50000,100000\n";

void run_options_help(FILE *out)
{
	fputs(options_text, out);
	profile_list(out);
	fputs(endings_text, out);
}
