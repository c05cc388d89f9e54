# style.gp - what the pictures share: units, colours, shapes, the page, reading the file.
#
# Every script here begins with  load plots.'/style.gp' . `plots` is the folder of this
# file; undefined, it is '.', because the scripts and this file are copied next to the
# data they draw, and gnuplot is started in that folder:
#
#	gnuplot cost-against-idle.gp
#	gnuplot -e "data='other.csv'; out='other'" cost-against-idle.gp
#	gnuplot -e "plots='../../plots'" ../../plots/cost-against-idle.gp
#
# A script sets before the load: data, the CSV to read; out, the name of the pictures
# without .svg and .png; title, its heading; title_note, a subtitle or ''; columns, the
# names of the columns it cannot do without.
# This file leaves: rows; row_name[r] and row_backend[r], the name and the number of the
# backend of row r; backends; backend_name[b], in the order of the file but plug-ins last;
# header[c] and header_count.
#
# Text from the data (a backend's name, the subtitle) is only ever a string value: it is
# never evaluated, never a file name, and always printed with `noenhanced`, or io_uring
# would come out with a subscript.

set encoding utf8

# --- Names that gnuplot would not take for files --------------------------------------
# A data name that starts with '<' and an output name that starts with '|' run a shell;
# '-', '+', '$' and '' have meanings of their own.
name_is_plain(name) = strlen(name) > 0 && strstrt("<|-+$@~", substr(name, 1, 1)) == 0
if (!name_is_plain(data) || !name_is_plain(out)) {
	print "data and out must be plain file names (put ./ before a strange one)"
	exit status 2
}

# --- The file: its header, its rows, its backends -------------------------------------
set datafile separator ','
set datafile columnheaders

rows = 0
stats data using (rows = rows + 1, 1) nooutput
if (rows == 0) {
	print sprintf("%s: no rows to draw", data)
	exit status 1
}

HEADER_MAX = 64 # columns looked at; further ones are not seen
array header[HEADER_MAX]
header_count = 0
do for [c = 1:HEADER_MAX] {
	name = ''
	stats data every ::0::0 using (name = columnhead(c), 1) nooutput
	header[c] = name
	if (strlen(name)) { header_count = c }
}
column_named(name) = sum [c = 1:header_count] (header[c] eq name ? c : 0)
do for [name in columns] {
	if (column_named(name) == 0) {
		print sprintf("%s: no column %s", data, name)
		exit status 1
	}
}

array row_backend[rows]
array backend_name[rows]
array row_name[rows]
backends = 0
backend_named(name) = sum [b = 1:backends] (backend_name[b] eq name ? b : 0)
r = 0
stats data using (r = r + 1, row_name[r] = strcol("backend"), 1) nooutput
# Built-in names first, so that a plug-in's path does not take their colours from them.
do for [plug_in = 0:1] {
	do for [r = 1:rows] {
		if ((strstrt(row_name[r], "/") > 0) != plug_in) { continue }
		if (backend_named(row_name[r]) == 0) {
			backends = backends + 1
			backend_name[backends] = row_name[r]
		}
		row_backend[r] = backend_named(row_name[r])
	}
}

# --- Units ----------------------------------------------------------------------------
is_number(v) = v == v # an empty field reads as NaN
larger(a, b) = a > b ? a : b
smaller(a, b) = a < b ? a : b
digits3(v) = v < 9.995 ? sprintf("%.2f", v) : v < 99.95 ? sprintf("%.1f", v) : \
	sprintf("%.0f", v)
time_unit(ns) = ns < 999.5 ? "ns" : ns < 999.5e3 ? "µs" : ns < 999.5e6 ? "ms" : "s"
time_scale(ns) = ns < 999.5 ? 1. : ns < 999.5e3 ? 1e3 : ns < 999.5e6 ? 1e6 : 1e9
time_text(ns) = digits3(ns / time_scale(ns))." ".time_unit(ns)
time_tic(ns) = sprintf("%g %s", ns / time_scale(ns), time_unit(ns))
# "2.58 → 2.64 µs", "2.98 µs → 2.03 ms"
time_change(a, b) = (time_unit(a) eq time_unit(b) ? digits3(a / time_scale(a)) : \
	time_text(a))." → ".time_text(b)
count_text(n) = n < 1000 ? sprintf("%.0f", n) : n >= 1e6 ? sprintf("%g", n) : \
	sprintf("%.0f,%03.0f", floor(n / 1000), n - 1000 * floor(n / 1000))

# A long path keeps its end, which tells plug-ins apart.
NAME_MAX = 22
short_name(name) = strlen(name) <= NAME_MAX ? name : \
	"…".substr(name, strlen(name) - NAME_MAX + 2, strlen(name))
# Every `old`, one character, becomes `new`.
swap(text, old, new) = strstrt(text, old) == 0 ? text : \
	substr(text, 1, strstrt(text, old) - 1).new. \
	swap(substr(text, strstrt(text, old) + 1, strlen(text)), old, new)
# Hover text ends up inside a quoted string of the SVG's script.
hover_name(name) = swap(swap(short_name(name), "'", "?"), "\\", "?")
# A tic's name is a format, so its % is written twice.
tic_name(name) = swap(short_name(name), "%", "%%")

# --- Colours, shapes, dashes ----------------------------------------------------------
# Okabe and Ito's palette without its yellow, which white paper swallows.
# Seven colours and six shapes: 42 backends get 42 different pairs.
PALETTE = "#0072B2 #E69F00 #009E73 #D55E00 #CC79A7 #56B4E9 #000000"
# Square, circle, triangle, diamond, triangle upside down, pentagon; +1 is the filled one.
SHAPES_OPEN = "4 6 8 12 10 14"
colour(b) = word(PALETTE, 1 + (b - 1) % words(PALETTE))
shape_open(b) = int(word(SHAPES_OPEN, 1 + (b - 1) % words(SHAPES_OPEN)))
shape_filled(b) = shape_open(b) + 1

GREY_TEXT = "#595959"
GREY_GUIDE = "#808080"

# Dashes come out half as long in pngcairo as in svg.
set dashtype 11 solid
set dashtype 12 (7, 4)
set dashtype 13 (3, 3)
set dashtype 14 (7, 3, 2, 3)
set dashtype 21 solid
set dashtype 22 (14, 8)
set dashtype 23 (5, 5)
set dashtype 24 (14, 6, 4, 6)
SOLID = 0
DASHED = 1
DOTTED = 2
dash(n) = (png ? 21 : 11) + n % 4

# --- The page -------------------------------------------------------------------------
# svg counts a font in pixels, pngcairo in points of 4/3 pixels, hence its fontscale: both
# pictures come out alike, 1200 x 750, and PNG is a replot of the SVG.
PAGE_WIDTH = 1200.
PAGE_HEIGHT = 750.
font_px(px) = sprintf("sans-serif,%g", px)
font_bold(px) = sprintf("sans-serif:Bold,%g", px)
# What still differs hangs on `png`: 0 for the first, 1 for the second.
png = 0
mark(size) = size * (png ? 1.2 : 0.75)
key_spacing(squeeze) = squeeze * (png ? 1.3 : 1.0)
TERMINAL_SVG = 'svg size 1200, 750 dynamic mouse standalone font "sans-serif,15"'
TERMINAL_PNG = 'pngcairo size 1200, 750 font "sans-serif,15" fontscale 0.75'

# The frame in screen fractions; the key stands to its right and covers no data.
FRAME_LEFT = 0.095
FRAME_RIGHT = 0.745
FRAME_BOTTOM = 0.16
FRAME_TOP = 0.875
FRAME_WIDTH_PX = (FRAME_RIGHT - FRAME_LEFT) * PAGE_WIDTH
FRAME_HEIGHT_PX = (FRAME_TOP - FRAME_BOTTOM) * PAGE_HEIGHT
set lmargin at screen FRAME_LEFT
set rmargin at screen FRAME_RIGHT
set bmargin at screen FRAME_BOTTOM
set tmargin at screen FRAME_TOP

# White paper, in a dark viewer too.
set object 1 rectangle from screen 0, 0 to screen 1, 1 behind fc rgb "white" \
	fs solid 1.0 noborder
set border 3 lc rgb "#595959" lw 1
set tics nomirror out scale 0.8, 0.4 textcolor rgb "#333333"
set grid xtics ytics lt 1 dt solid lc rgb "#E4E4E4" lw 1
set style fill solid 1.0 noborder

# The title is the script's own words; only enhanced text is bold in both terminals.
set label 1 title at screen FRAME_LEFT, 0.955 left font font_bold(21) \
	textcolor rgb "#222222"
set label 2 title_note at screen FRAME_LEFT, 0.915 left noenhanced \
	font font_px(larger(9, smaller(14, 1900. / (strlen(title_note) + 1)))) \
	textcolor rgb GREY_TEXT
# What the script puts in later. xlabel and ylabel would stand elsewhere in each terminal.
set label 3 "" at graph 0.5, screen 0.085 center noenhanced font font_px(15) \
	textcolor rgb "#222222"
set label 4 "" at screen 0.02, graph 0.5 center rotate by 90 noenhanced font font_px(15) \
	textcolor rgb "#222222"
set label 5 "" at screen FRAME_LEFT, 0.03 left noenhanced font font_px(12.5) \
	textcolor rgb GREY_TEXT
KEY_LEFT = FRAME_RIGHT + 0.015
set label 6 "" at screen KEY_LEFT, FRAME_TOP left noenhanced font font_px(13) \
	textcolor rgb GREY_TEXT
# A line of the key, in small letters and without a sample: the caller's numbers.
KEY_NOTE = 'keyentry with lines lc rgb "white" '
KEY_LINES_MAX = 23. # at full spacing; more are set tighter
set key at screen KEY_LEFT, FRAME_TOP - 0.02 left top Left reverse vertical \
	maxrows 99 samplen 3.6 noautotitle textcolor rgb "#222222"

# --- Lines against open connections ---------------------------------------------------
# For a script that sets `y_column` and, below and above it, `low_column`, `high_column`.
# Across is `x_column`, in words `x_words`; undefined, they are the open connections.
# Leaves by row: total, value, low, high, active, blocks, rate (NaN: not measured),
# overloads, verdict_note ('': none). By backend:
# first and last, its rows with the fewest and the most connections (0: none). By line:
# order[1..drawn], the backends from the highest line to the lowest; depth, rank, width()
# and size(); $series. Both log axes with their tics, and pieces of text.
if (!exists("x_column")) x_column = 'connections_total'
if (!exists("x_words")) x_words = 'open connections'
if (!exists("active_column")) active_column = 'connections_active'
if (!exists("unit")) unit = 'request'
x_is_total = x_column eq "connections_total"
if (exists("y_column")) {
	array total[rows]
	array value[rows]
	array low[rows]
	array high[rows]
	array active[rows]
	array blocks[rows]
	r = 0
	stats data using (r = r + 1, total[r] = column(x_column), \
		value[r] = column(y_column), low[r] = column(low_column), \
		high[r] = column(high_column), active[r] = column(active_column), \
		blocks[r] = column("blocks"), 1) nooutput

	# What not every file has.
	array verdict_note[rows]
	array rate[rows]
	array overloads[rows]
	do for [r = 1:rows] { verdict_note[r] = ""; rate[r] = NaN; overloads[r] = 0 }
	if (column_named("verdict_note")) {
		r = 0
		stats data using (r = r + 1, verdict_note[r] = strcol("verdict_note"), 1) \
			nooutput
		# Of an empty field gnuplot gives the header.
		do for [r = 1:rows] {
			if (verdict_note[r] eq "verdict_note") { verdict_note[r] = "" }
		}
	}
	if (column_named("rate") && column_named("overloads")) {
		r = 0
		stats data using (r = r + 1, rate[r] = column("rate"), \
			overloads[r] = column("overloads"), 1) nooutput
	}

	positive(v) = v > 0 ? v : NaN # a log axis has no place for 0
	# The smaller or larger of two of which either may be NaN.
	least(a, b) = !is_number(a) || b < a ? b : a
	most(a, b) = !is_number(a) || b > a ? b : a
	array first[backends]
	array last[backends]
	array from[backends] # the rows a backend's rows lie between
	array to[backends]
	do for [b = 1:backends] { first[b] = 0; last[b] = 0; from[b] = rows; to[b] = 1 }
	x_min = NaN; y_min = NaN; active_min = NaN; blocks_min = NaN
	x_max = NaN; y_max = NaN; active_max = NaN; blocks_max = NaN
	do for [r = 1:rows] {
		total[r] = positive(total[r])
		value[r] = is_number(total[r]) ? positive(value[r]) : NaN
		low[r] = is_number(value[r]) ? positive(low[r]) : NaN
		high[r] = is_number(value[r]) ? positive(high[r]) : NaN
		if (!is_number(value[r])) { continue }
		b = row_backend[r]
		from[b] = smaller(from[b], r)
		to[b] = larger(to[b], r)
		if (first[b] == 0 || total[r] < total[first[b]]) { first[b] = r }
		if (last[b] == 0 || total[r] > total[last[b]]) { last[b] = r }
		x_min = least(x_min, total[r])
		x_max = most(x_max, total[r])
		y_min = least(least(y_min, value[r]), low[r])
		y_max = most(most(y_max, value[r]), high[r])
		active_min = least(active_min, active[r])
		active_max = most(active_max, active[r])
		blocks_min = least(blocks_min, blocks[r])
		blocks_max = most(blocks_max, blocks[r])
	}
	if (!is_number(x_min)) {
		print sprintf("%s: no row has a %s", data, y_column)
		exit status 1
	}

	# Highest last point first, as the key lists them and as they are drawn.
	array order[backends]
	drawn = 0
	unmeasured = ''
	do for [b = 1:backends] {
		if (first[b] == 0) {
			unmeasured = unmeasured.(strlen(unmeasured) ? ", " : "").\
				short_name(backend_name[b])
			continue
		}
		drawn = drawn + 1
		k = drawn
		while (k > 1 && value[last[order[k - 1]]] < value[last[b]]) {
			order[k] = order[k - 1]
			k = k - 1
		}
		order[k] = b
	}

	# Row numbers, a block a backend in drawing order: `index` k-1 is order[k].
	set print $series
	do for [k = 1:drawn] {
		do for [r = 1:rows] { if (row_backend[r] == order[k]) { print r } }
		print ""
		print ""
	}
	unset print
	unset datafile columnheaders # the file is read; a data block has no header

	# The axes: room around the data; at least a decade up, 0.7 of one across.
	x_low = log10(x_min) - 0.14
	x_high = log10(x_max) + 0.14
	x_low = smaller(x_low, 0.5 * (x_low + x_high) - 0.35)
	x_high = larger(x_high, x_low + 0.7)
	y_low = log10(y_min) - 0.22
	y_high = log10(y_max) + 0.16
	y_middle = 0.5 * (y_low + y_high)
	y_low = smaller(y_low, y_middle - 0.5)
	y_high = larger(y_high, y_middle + 0.5)
	set xrange [10**x_low : 10**x_high]
	set yrange [10**y_low : 10**y_high]
	x_decade_px = FRAME_WIDTH_PX / (x_high - x_low)
	y_decade_px = FRAME_HEIGHT_PX / (y_high - y_low)
	x_px(v) = (log10(v) - x_low) * x_decade_px
	y_px(v) = (log10(v) - y_low) * y_decade_px
	set logscale xy
	# 1, 2 and 5 carry a number where there is room, the other steps only a tic.
	level_x(m) = m == 1 || ((m == 2 || m == 5) && x_decade_px > 190) ? 0 : 1
	level_y(m) = m == 1 || ((m == 2 || m == 5) && y_decade_px > 110) ? 0 : 1
	set xtics ()
	set ytics ()
	set for [e = 0:9] for [m = 1:9] xtics add \
		(count_text(10**e * m) 10**e * m level_x(m))
	set for [e = -1:12] for [m = 1:9] ytics add \
		(time_tic(10**e * m) 10**e * m level_y(m))

	active_text = !x_is_total || !is_number(active_min) ? "" : active_min == active_max ? \
		sprintf(", %s of them active", count_text(active_min)) : \
		sprintf(", %s to %s of them active", count_text(active_min), \
		count_text(active_max))
	x_title = x_words.active_text." (log scale)"
	x_hover = x_is_total ? "open" : word(x_words, 1)
	x_short = x_is_total ? "connections" : word(x_words, 1)
	blocks_text = !is_number(blocks_min) ? "blocks" : blocks_min < blocks_max ? \
		sprintf("%d to %d blocks", blocks_min, blocks_max) : \
		sprintf("%d block%s", blocks_min, blocks_min == 1 ? "" : "s")
	range_text = x_max > x_min ? \
		sprintf("at %s → %s %s", count_text(x_min), count_text(x_max), x_short) : \
		sprintf("at %s %s", count_text(x_min), x_short)
	unmeasured_text = strlen(unmeasured) ? " Not measured: ".unmeasured."." : ""
	# "2.98 µs → 2.03 ms", with the ends when they are not the picture's
	span_text(a, b, i, j) = i == j ? time_text(a) : time_change(a, b)
	ends_text(i, j) = total[i] == x_min && total[j] == x_max ? "" : i == j ? \
		sprintf(" (at %s)", count_text(total[i])) : total[i] == x_min ? \
		sprintf(" (to %s)", count_text(total[j])) : total[j] == x_max ? \
		sprintf(" (from %s)", count_text(total[i])) : \
		sprintf(" (%s–%s)", count_text(total[i]), count_text(total[j]))

	# Two lines lie on each other when, where both were measured, they are on average
	# less than a mark apart. `depth`: how many such lines are drawn over this one;
	# `rank`: how many under it.
	COINCIDE_PX = 14.
	both(a, b, i, j) = row_backend[i] == a && row_backend[j] == b && \
		total[i] == total[j] && is_number(value[i]) && is_number(value[j])
	met(a, b) = sum [i = from[a]:to[a]] sum [j = from[b]:to[b]] both(a, b, i, j)
	apart_px(a, b) = sum [i = from[a]:to[a]] sum [j = from[b]:to[b]] \
		(both(a, b, i, j) ? abs(y_px(value[i]) - y_px(value[j])) : 0)
	coincide(a, b) = met(a, b) > 0 && apart_px(a, b) < COINCIDE_PX * met(a, b)
	array depth[drawn]
	array rank[drawn]
	do for [k = 1:drawn] { depth[k] = 0; rank[k] = 0 }
	do for [k = 2:drawn] {
		do for [j = 1:k - 1] {
			if (!coincide(order[j], order[k])) { continue }
			depth[j] = depth[j] + 1
			rank[k] = rank[k] + 1
		}
	}
	# Under every line that hides it, a line grows in width and its marks in size.
	width(k) = 2.2 + smaller(2.4, 9. / larger(depth[k], 1)) * depth[k]
	size(k) = mark(1.15 + smaller(0.5, 2. / larger(depth[k], 1)) * depth[k])
}
