/* What pages do beyond htmx: clocks, pausing, confirming in place, the log's tools. Every page works without it. */
"use strict";

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
root.classList.add("script");

/* --- Times: the server writes UTC; here they become what the reader chose. --- */
const clock = byId("clock");
const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(when) {
    const seconds = (when - Date.now()) / 1000;
    const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) || ["second", 1];
    return words.format(Math.round(seconds / size), unit);
}

function shown(when, utc) {
    const mode = clock ? clock.value : "utc";
    if (mode === "utc") return utc;
    return mode === "local" ? when.toLocaleString() : relative(when);
}

function elapsed(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
    return `${Math.floor(s / 3600)} h ${String(Math.floor(s / 60) % 60).padStart(2, "0")} min`;
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

function tick() {
    for (const time of document.querySelectorAll("main time[title]")) write(time, shown(new Date(time.dateTime), time.title));
    for (const since of document.querySelectorAll("[data-since]")) write(since, elapsed(Date.now() / 1000 - since.dataset.since));
}

if (clock) {
    clock.value = localStorage.getItem("clock") || "relative";
    clock.addEventListener("change", () => { localStorage.setItem("clock", clock.value); tick(); });
}
tick();
setInterval(tick, 1000);

/* --- Live regions: paused or hidden pages ask for nothing; an unchanged answer changes nothing. --- */
const pause = byId("pause");
const etags = { live: document.querySelector("[data-live-etag]")?.dataset.liveEtag };
const isPaused = () => sessionStorage.getItem("paused") === "yes";

function showPause() {
    pause?.setAttribute("aria-pressed", String(isPaused()));
}

pause?.addEventListener("click", () => {
    sessionStorage.setItem("paused", isPaused() ? "no" : "yes");
    showPause();
    if (!isPaused()) wake();
});
showPause();

function wake() {
    if (!document.hidden && !isPaused()) document.dispatchEvent(new Event("wake"));
}

let status;

function showState() {
    const live = byId("live");
    if (!live?.dataset.state) return;
    /* Said once, when it has changed: never at each refresh. */
    if (status && live.dataset.status && live.dataset.status !== status) write(byId("announcement"), live.dataset.status);
    status = live.dataset.status;
    const icon = byId("favicon");
    const href = icon.href.replace(/favicon-\w+\.svg.*/, `favicon-${live.dataset.state}.svg`);
    if (icon.href !== href) icon.href = href;
    if (live.dataset.title) document.title = live.dataset.title;
}
showState();

/* Of two regions one can fail: the notice stays until both get through. */
const failing = new Set();

function fails(ctx, sentence) {
    failing.add(ctx?.sourceElement.id);
    write(byId("connection"), sentence);
}

document.addEventListener("visibilitychange", wake);
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const etag = etags[ctx.sourceElement.id];
    if (etag) ctx.request.headers["If-None-Match"] = etag;
});
document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceEvent;
    if (source?.type === "every" && (document.hidden || isPaused())) event.preventDefault();
});
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const status = ctx.response.status;
    if (status < 500) { failing.delete(ctx.sourceElement.id); if (!failing.size) write(byId("connection"), ""); }
    const etag = ctx.response.headers.get("ETag");
    if (status === 200 && etag) etags[ctx.sourceElement.id] = etag;
});
document.addEventListener("htmx:after:swap", () => { tick(); showState(); });
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (ctx.response.status >= 500) fails(ctx, `The server answered ${ctx.response.status}: what you see is not live. Trying again …`);
});
document.addEventListener("htmx:error", ({ detail: { ctx } }) => fails(ctx, "No connection: what you see is not live. Trying again …"));
/* Text that is written here is not what the server sent: a refresh leaves it, and a selection in it, alone. */
window.htmx?.registerExtension("clocks", {
    htmx_before_morph_node: (element, { oldNode, newNode }) =>
        !(oldNode.dateTime && oldNode.dateTime === newNode.dateTime) && !(oldNode.dataset?.since && oldNode.dataset.since === newNode.dataset?.since),
});

/* --- Confirming in place: the page that asks, in a dialog. --- */
const dialog = byId("dialog");

document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const form = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("confirm");
    if (!form) { location.href = link.href; return; }
    dialog.replaceChildren(form);
    dialog.showModal();
    byId("cancel").focus();
    byId("cancel").addEventListener("click", (click) => { click.preventDefault(); dialog.close(); });
    dialog.addEventListener("close", () => { (byId(link.id) || link).focus(); dialog.replaceChildren(); }, { once: true });
});

/* --- Forms: what is wrong comes first; what is sent once is sent once. --- */
byId("summary")?.focus();
document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    if (event.target.method === "post") event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent).catch(() => {});
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = before; }, 1500);
});

/* --- The grid: a place in the picture is an execution. --- */
function indexAt(event) {
    const svg = event.target.closest("svg[data-cell]");
    if (!svg) return null;
    const { columns, cell, size, times } = svg.dataset;
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const place = Math.floor(((event.clientY - box.top) * scale) / cell) * columns + Math.floor(((event.clientX - box.left) * scale) / cell);
    const first = place * size;
    return first < times ? { svg, first, last: Math.min(first + Number(size), times) - 1 } : null;
}

document.addEventListener("click", (event) => {
    const found = indexAt(event);
    if (found) location.href = found.svg.closest("[data-at]").dataset.at + found.first;
});
document.addEventListener("mousemove", (event) => {
    const found = event.target.closest?.("svg[data-cell]") && indexAt(event);
    const tip = byId("grid-tip");
    if (tip) write(tip, found ? (found.first === found.last ? `${found.first + 1} of ${found.svg.dataset.times}` : `${found.first + 1} to ${found.last + 1} of ${found.svg.dataset.times}`) : "");
});

/* --- The log: follow, find, wrap, times, line links. --- */
const log = byId("log");
if (log) {
    const follow = byId("follow");
    const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    const toEnd = () => { log.scrollTop = log.scrollHeight; };
    const press = (button, on) => button?.setAttribute("aria-pressed", String(on));
    const isOn = (button) => button?.getAttribute("aria-pressed") === "true";
    let last = 0;

    for (const name of ["wrap", "times"]) {
        const button = byId(`log-${name}`);
        const set = (on) => { log.classList.toggle(name, on); press(button, on); localStorage.setItem(`log-${name}`, on ? "yes" : "no"); };
        set(localStorage.getItem(`log-${name}`) === "yes");
        button?.addEventListener("click", () => { set(!isOn(button)); if (isOn(follow)) toEnd(); });
    }

    follow?.addEventListener("click", () => { press(follow, !isOn(follow)); if (isOn(follow)) toEnd(); });
    log.addEventListener("scroll", () => {
        if (log.scrollTop < last && !atEnd()) press(follow, false);
        else if (follow && atEnd()) press(follow, true);
        last = log.scrollTop;
    });
    byId("log-end")?.addEventListener("click", () => { press(follow, true); toEnd(); });

    /* What is put before the lines one reads must not move them. */
    let height = 0;
    let isBefore = false;
    document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
        height = log.scrollHeight;
        isBefore = ctx.sourceElement.id === "earlier";
    });
    document.addEventListener("htmx:after:swap", () => {
        if (isBefore) log.scrollTop += log.scrollHeight - height;
        else if (isOn(follow)) toEnd();
        if (byId("find").value) find(false);
    });

    const mark = () => {
        for (const line of log.querySelectorAll(".target")) line.classList.remove("target");
        const wanted = location.hash.match(/^#L(\d+)$/);
        if (!wanted) return false;
        const line = byId(wanted[0].slice(1));
        if (!line && new URLSearchParams(location.search).get("line") === wanted[1]) return false;
        if (!line) {
            const url = new URL(location);
            url.searchParams.set("line", wanted[1]);
            location.replace(url);
            return true;
        }
        line.classList.add("target");
        line.scrollIntoView({ block: "center" });
        press(follow, false);
        return true;
    };
    window.addEventListener("hashchange", mark);
    if (!mark() && log.dataset.end) toEnd();

    /* Found words are highlighted without touching the lines. */
    const box = byId("find");
    const count = byId("found");
    let ranges = [];
    let current = -1;

    function search(text) {
        const wanted = text.toLowerCase();
        const found = [];
        const walker = document.createTreeWalker(log, NodeFilter.SHOW_TEXT);
        while (wanted && walker.nextNode()) {
            const node = walker.currentNode;
            if (node.parentElement.closest("a, time, button")) continue;
            const content = node.data.toLowerCase();
            for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + wanted.length)) {
                const range = new Range();
                range.setStart(node, at);
                range.setEnd(node, at + wanted.length);
                found.push(range);
            }
        }
        return found;
    }

    function find(move, step = 1) {
        ranges = search(box.value);
        CSS.highlights?.set("found", new Highlight(...ranges));
        CSS.highlights?.delete("now");
        if (!ranges.length) { current = -1; write(count, box.value ? "not in the lines shown" : ""); return; }
        if (move) {
            current = (current + step + ranges.length) % ranges.length;
            press(follow, false);
            ranges[current].startContainer.parentElement.scrollIntoView({ block: "center" });
        }
        if (current >= 0 && current < ranges.length) CSS.highlights?.set("now", new Highlight(ranges[current]));
        write(count, `${Math.max(current, 0) + 1} of ${ranges.length}`);
        const url = new URL(location);
        url.searchParams.set("find", box.value);
        history.replaceState(history.state, "", url);
    }

    box.addEventListener("input", () => { current = -1; find(true); });
    box.addEventListener("keydown", (event) => {
        if (event.key === "Enter") { event.preventDefault(); find(true, event.shiftKey ? -1 : 1); }
    });
    if (box.value) find(true);
}
