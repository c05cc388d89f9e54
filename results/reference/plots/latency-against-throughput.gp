# latency-against-throughput.gp - how long the slowest hundredth waits, and at what load.
#
# The 99th percentile of the response time (up, log) against the requests a second that
# were answered (right, log), a line a backend, a point a rate that was offered: the median
# of the blocks, the whisker from the smallest block to the largest. Response time counts
# from when a request should have been sent, so a server that falls behind climbs steeply.
# A rate that a server could not keep up with has no latency and is no point: the key says
# how far each line got.
#
# Reads, by name: backend, connections_active, connections_total, rate,
# requests_per_s_median, p99_ns_median, p99_ns_min, p99_ns_max, overloads, blocks. CSV with
# a header; an empty field was not measured.
# By hand, in the folder of the data (with style.gp beside it, or see there):
#
#	gnuplot -e "data='cost-against-rate.csv'" latency-against-throughput.gp
#
# Writes OUT.svg (point at a mark for its numbers, click a key entry to hide its line) and
# OUT.png.

if (!exists("data")) data = 'cost-against-rate.csv'
if (!exists("out")) out = 'latency-against-throughput'
if (!exists("title_note")) title_note = ''
if (!exists("plots")) plots = '.'
title = 'Tail latency against throughput'
columns = "backend connections_active connections_total rate requests_per_s_median ".\
	"p99_ns_median p99_ns_min p99_ns_max overloads blocks"
x_column = "requests_per_s_median"
x_words = 'requests a second answered'
y_column = "p99_ns_median"
low_column = "p99_ns_min"
high_column = "p99_ns_max"
load plots.'/style.gp'

array overload_from[backends] # the least rate too much for most blocks; 0: none
do for [b = 1:backends] { overload_from[b] = 0 }
do for [r = 1:rows] {
	b = row_backend[r]
	if (2 * overloads[r] > blocks[r] && (overload_from[b] == 0 || rate[r] < overload_from[b])) {
		overload_from[b] = rate[r]
	}
}
whisker_low(r) = is_number(low[r]) ? smaller(low[r], value[r]) : value[r]
whisker_high(r) = is_number(high[r]) ? larger(high[r], value[r]) : value[r]

# --- Words ----------------------------------------------------------------------------
set label 3 x_title
set label 4 "99th percentile of the response time (log scale)"
set label 5 "Point: median of ".blocks_text.". Whisker: smallest to largest block. ".\
	"Overloaded rates have no point.".unmeasured_text
set label 6 "p99, and the highest rate kept up with"

detail_text(b) = time_text(value[last[b]])." at ".count_text(rate[last[b]])."/s"
limit_text(b) = overload_from[b] == 0 ? "kept up with every rate" : \
	"overload from ".count_text(overload_from[b])."/s"
array hover[rows]
do for [r = 1:rows] {
	if (!is_number(value[r])) { hover[r] = ""; continue }
	hover[r] = sprintf("%s, %s/s offered, %s/s answered: p99 %s (%s to %s)", \
		hover_name(backend_name[row_backend[r]]), count_text(rate[r]), \
		count_text(total[r]), time_text(value[r]), time_text(whisker_low(r)), \
		time_text(whisker_high(r)))
}

# --- The picture ----------------------------------------------------------------------
key_each = drawn <= 8 ? 4 : drawn <= 12 ? 2 : 1
key_lines = drawn * key_each
command = 'plot '
do for [k = 1:drawn] {
	for_k = (k > 1 ? ', ' : '').sprintf('for [k = %d:%d] ', k, k)
	command = command.for_k.'$series index k - 1 using (total[$1]):(value[$1]) '.\
		'with linespoints lc rgb colour(order[k]) lw width(k) dt dash(rank[k]) '.\
		'pt shape_filled(order[k]) ps size(k) '.\
		'title short_name(backend_name[order[k]]) noenhanced'
	for_k = sprintf(', for [k = %d:%d] ', k, k)
	if (key_each >= 2) {
		command = command.for_k.KEY_NOTE.\
			'title "{/*0.85 ".detail_text(order[k])."}" enhanced'
	}
	if (key_each >= 4) {
		command = command.for_k.KEY_NOTE.\
			'title "{/*0.85 ".limit_text(order[k])."}" enhanced, '.\
			KEY_NOTE.'title " "'
	}
	command = command.for_k.'$series index k - 1 using (total[$1]):'.\
		'(whisker_low($1)):(0):(whisker_high($1) - whisker_low($1)) '.\
		'with vectors nohead lc rgb colour(order[k]) lw 1.5'
}
command = command.', $series using (total[$1]):(value[$1]):(hover[$1]) with labels '.\
	'hypertext noenhanced point pt 7 ps mark(1.6) lc rgb "#FF000000"'
key_squeeze = smaller(key_each >= 4 ? 0.8 : 1, KEY_LINES_MAX / key_lines)
png = 0
set key spacing key_spacing(key_squeeze)
set terminal @TERMINAL_SVG
set output out.'.svg'
eval command
png = 1
set key spacing key_spacing(key_squeeze)
set terminal @TERMINAL_PNG
set output out.'.png'
replot
unset output
