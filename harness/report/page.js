/* page.js - the numbers under the pointer or the finger, and lines that can be hidden. */
(function () {
	'use strict';
	var REACH = 26, TOGETHER = 9, LINES_MAX = 8; /* CSS pixels; points told at once */
	var tip = document.createElement('div');
	var shown = [];

	tip.className = 'tip';
	tip.hidden = true;
	document.body.appendChild(tip);

	function hide() {
		shown.forEach(function (point) { point.element.classList.remove('near'); });
		shown = [];
		tip.hidden = true;
	}

	function show(points, x, y) {
		hide();
		if (!points.length) return;
		shown = points.slice(0, LINES_MAX);
		tip.textContent = '';
		shown.forEach(function (point) {
			var line = document.createElement('p');
			line.textContent = point.text;
			tip.appendChild(line);
			point.element.classList.add('near');
		});
		tip.hidden = false;
		var box = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
		var left = Math.max(8, Math.min(x + 14, room - box.width - 8));
		var top = y - box.height - 14;
		if (top < 8) top = y + 18;
		tip.style.left = left + 'px';
		tip.style.top = top + 'px';
	}

	/* What is nearest, and what lies on it; a bar is hit by its area. */
	function find(svg, points, event) {
		var hit = event.target.closest && event.target.closest('.p');
		var matrix = svg.getScreenCTM();
		var near = [];
		if (!matrix) return near;
		points.forEach(function (point) {
			if (point.element.parentNode.classList.contains('off')) return;
			var dx = point.x * matrix.a + matrix.e - event.clientX;
			var dy = point.y * matrix.d + matrix.f - event.clientY;
			var far = point.element === hit ? 0 : Math.sqrt(dx * dx + dy * dy);
			if (point.bar ? point.element === hit : far < REACH)
				near.push({ element: point.element, text: point.text, far: far });
		});
		near.sort(function (a, b) { return a.far - b.far; });
		return near.filter(function (point) { return point.far <= near[0].far + TOGETHER; });
	}

	document.querySelectorAll('svg.chart').forEach(function (svg) {
		var points = [];
		svg.querySelectorAll('.p').forEach(function (element) {
			var title = element.querySelector('title');
			if (!title) return;
			/* Else the browser would show it a second time. */
			element.removeChild(title);
			points.push({
				element: element,
				text: title.textContent,
				bar: element.querySelector('rect') !== null,
				x: Number(element.dataset.x),
				y: Number(element.dataset.y)
			});
		});
		function update(event) { show(find(svg, points, event), event.clientX, event.clientY); }
		svg.addEventListener('pointermove', update);
		svg.addEventListener('pointerdown', update);
		svg.addEventListener('pointerleave', function (event) {
			if (event.pointerType === 'mouse') hide();
		});
	});
	document.addEventListener('pointerdown', function (event) {
		if (!event.target.closest('svg.chart')) hide();
	});
	window.addEventListener('scroll', hide, { passive: true });

	document.querySelectorAll('.keys button').forEach(function (button) {
		button.addEventListener('click', function () {
			var on = button.getAttribute('aria-pressed') !== 'true';
			button.setAttribute('aria-pressed', String(on));
			button.closest('figure').querySelectorAll('[data-s="' + button.dataset.key + '"]')
				.forEach(function (series) { series.classList.toggle('off', !on); });
		});
	});
}());
