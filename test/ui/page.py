#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What test/ui/run does inside the cluster's network."""
import argparse
import functools
import http.client
import http.server
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

import crowd
import world
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
POLICY = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Ui:
    """A running kubectl neofleet ui."""

    def __init__(self, program, kubeconfig, *arguments):
        started = time.monotonic()
        self.process = subprocess.Popen([program, "ui", *arguments], env={"PATH": os.environ["PATH"], "KUBECONFIG": str(kubeconfig)},
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.parts = urllib.parse.urlsplit(self.address)
        self.origin = f"http://{self.parts.netloc}"
        self.began_ms = (time.monotonic() - started) * 1000

    def ask(self, path, method="GET", body=None, **headers):
        """A raw request: status, headers, body."""
        connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": self.parts.netloc, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def enter(self):
        """As a browser does it, by hand; the cookie."""
        status, headers, _ = self.ask(f"{self.parts.path}?{self.parts.query}")
        assert status == 200, status
        return headers["Set-Cookie"].split(";")[0]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        assert status == 0, f"ended with {status}: {self.process.stderr.read()}"


class Test:
    """What a test stands on."""

    def __init__(self, arguments, browser, api):
        self.arguments, self.browser, self.api, self.world = arguments, browser, api, world.World(api)
        self.kubeconfig = os.environ["KUBECONFIG"]
        self.closers = []

    def ui(self, *arguments, kubeconfig=None):
        ui = Ui(self.arguments.program, kubeconfig or self.kubeconfig, *arguments)
        self.closers.append(ui.end)
        return ui

    def page(self, ui, **options):
        context = self.browser.new_context(viewport={"width": 1440, "height": 1000}, **options)
        self.closers.append(context.close)
        context.grant_permissions([])
        page = context.new_page()
        page.faults, page.asked = [], []
        page.on("console", lambda message: page.faults.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(ui.address)
        expect(page.locator(".live-text")).to_have_text("live", timeout=20000)
        return page

    def fleet(self, *arguments, **options):
        ui = self.ui("-A", *arguments)
        return ui, self.page(ui, **options)

    def picture(self, page, name):
        if self.arguments.pictures:
            self.arguments.pictures.mkdir(exist_ok=True)
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=str(self.arguments.pictures / f"{name}.png"), full_page=True)

    def close(self):
        for closer in reversed(self.closers):
            closer()
        self.closers = []

    def patch_phase(self, namespace, kind, name, phase):
        self.world.set_status(namespace, kind, name, {"phase": phase})


def row(page, identity):
    return page.locator(f'tr[data-id="{identity}"]')


def names(page):
    return page.locator("tbody a.name").all_inner_texts()


def check_axe(page, what):
    found = Axe().run(page).response["violations"]
    assert not found, f"{what}: " + "; ".join(f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]}" for item in found)


def test_nothing_without_the_key(test):
    ui = test.ui("-A")
    folder = ui.parts.path
    wrong = f"{folder}?key={'0' * 64}"
    requests = [("/", {}), (folder, {}), (wrong, {}), (f"{folder}changes", {}), (f"{folder}app.js", {}), ("/favicon.ico", {}),
                (f"{folder}deployment?id=standalones/shop/mail", {"Cookie": f"neofleet={'0' * 64}"})]
    for path, headers in requests:
        status, answered, body = ui.ask(path, **headers)
        assert (status, body) == (404, b"") and "Set-Cookie" not in answered, f"{path}: {status} {body[:80]}"
    assert ui.ask(f"{folder}register", "POST", "x" * 100000)[::2] == (404, b""), "a long body says that somebody is there"
    for host in ("localhost", "evil.example", None, f"localhost:{ui.parts.port}"):
        status, answered, body = ui.ask(f"{folder}?{ui.parts.query}", Host=host)
        assert status in (400, 404) and "Set-Cookie" not in answered and b"neofleet" not in body, f"host {host}: {status}"
    cookie = ui.enter()
    assert ui.ask(f"{folder}?{ui.parts.query}")[0] == 404, "the key works twice"
    status, headers, body = ui.ask(folder, Cookie=cookie)
    assert status == 200 and b"<main" in body
    for part in POLICY:
        assert part in headers["Content-Security-Policy"], headers
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Sec_Fetch_Site": "cross-site"},
                    {"Sec_Fetch_Site": "same-site"}):
        assert ui.ask(folder, Cookie=cookie, **headers)[::2] == (404, b""), f"{headers} gets in"


def test_no_write_from_elsewhere(test):
    ui = test.ui("-A")
    cookie = ui.enter()
    path = f"{ui.parts.path}register"
    body = json.dumps({"id": "standalones/shop/carts"})
    for deed in ("restart", "pause", "resume"):
        assert ui.ask(f"{ui.parts.path}{deed}", "POST", body, Cookie=cookie, Origin="http://evil.example")[0] == 404, deed
        assert ui.ask(f"{ui.parts.path}{deed}", "POST", body, Origin=ui.origin)[0] == 404, deed
        assert ui.ask(f"{ui.parts.path}{deed}", Cookie=cookie)[0] == 404, f"{deed} by GET"
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ui.origin, "Sec_Fetch_Site": "cross-site"}):
        assert ui.ask(path, "POST", body, Cookie=cookie, **headers)[0] == 404, headers
    assert ui.ask(path, "POST", body, Origin=ui.origin)[0] == 404, "without the cookie"
    assert ui.ask(path, "POST", "x" * 100000, Cookie=cookie, Origin=ui.origin)[0] == 413
    for identity in ("../shop/carts", "standalones/shop/../carts", "standalones/shop", "secrets/shop/x", "", "standalones/shop/Carts"):
        assert ui.ask(path, "POST", json.dumps({"id": identity}), Cookie=cookie, Origin=ui.origin)[0] == 400, identity
    item = test.api.call("GET", world.GROUP.format("shop", "neo4jenterprisestandalones") + "/carts")
    assert item["status"]["auraFleetManagement"]["registered"] is True


def test_a_page_of_another_origin_gets_nothing(test):
    """In the same browser, which has the cookie."""
    ui = test.ui("-A")
    page = test.page(ui)
    target = f"{ui.origin}{ui.parts.path}"
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "index.html").write_text(f"<!doctype html><iframe src='{target}'></iframe><img id='icon' src='{target}icon.svg'>", encoding="utf-8")
        handler = functools.partial(Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        other = page.context.new_page()
        other.goto(f"http://127.0.0.1:{server.server_port}/")
        for path in ("", "changes", "deployment?id=standalones/shop/mail"):
            read = other.evaluate("(url) => fetch(url, {credentials: 'include'}).then((answer) => answer.text(), () => 'refused')", target + path)
            assert read == "refused", f"{path}: {read[:80]}"
        sent = other.evaluate("""(url) => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"id":"standalones/shop/carts"}'})
            .then((answer) => answer.type)""", target + "register")
        assert sent == "opaque"
        frame = [frame for frame in other.frames if frame != other.main_frame][0]
        assert "Fleet" not in frame.content()
        assert other.evaluate("document.getElementById('icon').naturalWidth") == 0
        server.shutdown()
    item = test.api.call("GET", world.GROUP.format("shop", "neo4jenterprisestandalones") + "/carts")
    assert item["status"]["auraFleetManagement"]["registered"] is True


def test_states(test):
    ui, page = test.fleet()
    expect(page.locator("tbody tr")).to_have_count(len(world.FLEET))
    wanted = {
        "clusters/shop/orders": ("Updating", "2/3", "1 of 3 rolled", "registered", "connected"), "clusters/search/suggestions": ("Degraded", "2/3", "not connected"),
        "standalones/shop/mail": ("Ready", "1/1", "Token expired"), "standalones/shop/later": ("Token deferred",), "clusters/research/genes": ("Forming", "0/3"),
        "standalones/research/old-papers": ("Failed", "is no size"), "standalones/research/sandbox": ("off",), "standalones/shop/stock": ("in 11 days", "FleetTokenExpiring: "), "standalones/search/entities": ("Token refused",)}
    for identity, words in wanted.items():
        for word in words:
            expect(row(page, identity)).to_contain_text(word)
    shown = names(page)
    wrong = {"old-papers", "suggestions", "entities", "mail", "papers", "stock"}
    assert set(shown[:6]) == wrong and set(shown[6:9]) == {"genes", "later", "orders"}, shown
    assert page.locator(".look").count() == len(wrong)
    expect(page.locator(".notice").first).to_contain_text("No operator was found")
    assert page.url.endswith("/") or page.url.endswith("#/"), page.url
    assert all(url.startswith(ui.origin + ui.parts.path) for url in page.asked), page.asked
    assert not page.faults, page.faults
    test.picture(page, "fleet")


def test_live(test):
    _, page = test.fleet()
    line = row(page, "standalones/research/trials")
    expect(line).to_contain_text("Ready")
    test.patch_phase("research", world.STANDALONE, "trials", "Failed")
    expect(line).to_contain_text("Failed")
    assert "trials" in names(page)[:6]
    test.patch_phase("research", world.STANDALONE, "trials", "Ready")
    expect(line).to_contain_text("Ready")
    test.world.plugin("research", "grpah", "grpah", "trials", "Failed", "spec.name: the image does not know the plugin 'grpah'")
    expect(line).to_contain_text("Plugin grpah failed: spec.name")
    test.api.call("DELETE", world.GROUP.format("research", "neo4jplugins") + "/grpah")
    expect(line).not_to_contain_text("grpah")
    test.world.deployment("research", "fresh", world.STANDALONE, "fine")
    expect(row(page, "standalones/research/fresh")).to_contain_text("1/1")
    test.api.call("DELETE", world.GROUP.format("research", "neo4jenterprisestandalones") + "/fresh")
    test.api.tell("DELETE", "/apis/apps/v1/namespaces/research/statefulsets/fresh")
    expect(row(page, "standalones/research/fresh")).to_have_count(0)
    page.goto(page.url.split("#")[0] + "#/standalones/research/trials")
    expect(page.locator("#panel-events")).not_to_contain_text("Looked at")
    test.world.event("research", world.STANDALONE, "trials", time=world.at(), reason="LookedAt", message="by a test")
    expect(page.locator("#panel-events")).to_contain_text("Looked at")
    test.patch_phase("research", world.STANDALONE, "trials", "Degraded")
    expect(page.locator(".title-line")).to_contain_text("Degraded")
    test.patch_phase("research", world.STANDALONE, "trials", "Ready")


def test_filters(test):
    _, page = test.fleet()
    page.locator(".tile", has_text="Need a look").click()
    expect(page.locator("tbody tr")).to_have_count(6)
    assert "show=trouble" in page.url
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(6)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(len(world.FLEET))
    page.locator("#choose-namespace").select_option("search")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.locator("#choose-phase").select_option("Degraded")
    assert names(page) == ["suggestions"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("searchbox").fill("mail research")
    expect(page.locator("tbody tr")).to_have_count(0)
    page.get_by_role("searchbox").fill("tokenexpired shop")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".found")).to_have_text(f"1 of {len(world.FLEET)} deployments")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Deployment", exact=True).click()
    assert names(page) == sorted(names(page))
    page.get_by_role("button", name="Deployment", exact=True).click()
    assert names(page) == sorted(names(page), reverse=True)
    expect(page.locator('th[data-column="name"]')).to_have_attribute("aria-sort", "descending")


def test_projects(test):
    """A card for each project of Aura: how many are well there, whose token ends first; it is a filter, too."""
    _, page = test.fleet()
    expect(page.locator("#cards-title")).to_have_text("Projects in Aura")
    card = page.locator(".card", has_text=world.PROJECTS["shop"])
    connected = [item for item in world.FLEET if item[0] == "shop" and world.connected(item[3])]
    registered = [item for item in world.FLEET if item[0] == "shop" and world.registered(item[3])]
    expect(card).to_contain_text(f"{len(registered)} deployments · {len(connected)} of {len(registered)} connected")
    expect(card).to_contain_text("11 of 12 servers ready")
    expect(card).to_contain_text("first token ends in 11 days")
    card.click()
    expect(page.locator("tbody tr")).to_have_count(len(registered))
    expect(card).to_have_attribute("aria-pressed", "true")
    assert f"project={world.PROJECTS['shop']}" in page.url, page.url
    page.locator(".tile", has_text="Token ends in a month").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert names(page) == ["stock"]
    page.get_by_role("button", name="Clear filters").click()
    without = page.locator(".card", has_text="No project yet")
    expect(without).to_have_attribute("aria-pressed", "false")
    without.click()
    expect(page.locator("tbody tr")).to_have_count(sum("fleet" in world.STATES[item[3]] and not world.registered(item[3]) for item in world.FLEET))
    check_axe(page, "a project chosen")
    test.picture(page, "project")
    assert not page.faults, page.faults


def test_keyboard_alone(test):
    _, page = test.fleet()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("mail")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#deployment-title")).to_be_focused()
    expect(page.locator("#panel-registration")).to_contain_text("Token read")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "register":
            break
    expect(page.locator("#register")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#question-no")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#question")).not_to_be_visible()
    expect(page.locator("#register")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, "standalones/shop/mail").locator("a")).to_be_focused()
    assert "q=mail" in page.url


def test_a_deployment(test):
    _, page = test.fleet()
    page.locator("a.name", has_text="orders").click()
    expect(page.locator("#panel-servers")).to_contain_text("2 of 3")
    expect(page.locator("#panel-servers")).to_contain_text("1 of 3 run the newest template")
    expect(page.locator("#panel-plugins")).to_contain_text("graph-data-science")
    expect(page.locator("#panel-token")).to_contain_text(world.PROJECTS["shop"])
    expect(page.locator('.step[data-state="done"]')).to_have_count(7)
    expect(page.locator("#panel-events")).to_contain_text("Roll stopped")
    expect(page.locator("#panel-events")).to_contain_text("Somebody wrote this by hand")
    page.locator("summary").click()
    expect(page.locator("pre")).to_contain_text("kind: Neo4jEnterpriseCluster")
    assert "managedFields" not in page.locator("pre").inner_text()
    test.picture(page, "deployment")
    page.goto(page.url.split("#")[0] + "#/standalones/shop/mail")
    expect(page.locator('[aria-current="step"]')).to_contain_text("Token read")
    expect(page.locator("#panel-token")).to_contain_text("Expired")
    text = page.content()
    assert "kkkk" not in text, "a piece of the key is on the page"
    assert not page.faults, page.faults


def test_an_address_that_is_none(test):
    ui, page = test.fleet()
    other = page.context.new_page()
    page.close()
    other.goto(f"{ui.origin}{ui.parts.path}#/clusters/%zz")
    expect(other.locator(".live-text")).to_have_text("live", timeout=20000)
    expect(other.locator("tbody tr")).to_have_count(len(world.FLEET))
    other.goto(f"{ui.origin}{ui.parts.path}#/?sort=constructor&q=orders")
    expect(other.locator("tbody tr")).to_have_count(1)


def test_register(test):
    _, page = test.fleet()
    page.locator("a.name", has_text="carts").click()
    page.locator("#register").click()
    page.locator("#question-no").click()
    path = world.GROUP.format("shop", "neo4jenterprisestandalones") + "/carts"
    assert test.api.call("GET", path)["status"]["auraFleetManagement"]["registered"] is True
    page.locator("#register").click()
    expect(page.locator("#question-text")).to_contain_text("Secret aura-fleet-token")
    test.picture(page, "question")
    page.locator("#question-yes").click()
    expect(page.locator("#panel-registration")).not_to_contain_text("all servers talk")
    assert test.api.call("GET", path)["status"]["auraFleetManagement"]["registered"] is False
    test.api.call("PATCH", path + "/status", {"status": {"auraFleetManagement": {"registered": True}}}, "application/merge-patch+json")
    expect(page.locator("#panel-registration")).to_contain_text("all servers talk")


def test_restart_and_pause(test):
    _, page = test.fleet()
    path = world.GROUP.format("shop", "neo4jenterprisestandalones") + "/carts"

    def annotations():
        return test.api.call("GET", path)["metadata"].get("annotations", {})

    before = annotations()
    page.locator("a.name", has_text="carts").click()
    page.locator("#restart").click()
    expect(page.locator("#question-text")).to_contain_text("its volume stays")
    page.locator("#question-no").click()
    assert annotations() == before, "a question that was answered with no has changed something"
    page.locator("#restart").click()
    page.locator("#question-yes").click()
    wait_for("the restart", lambda: annotations().get("neofleet.neo4j.com/restartedAt", "").endswith("Z"))
    page.locator("#pause").click()
    page.locator("#question-yes").click()
    expect(page.locator(".head-deeds")).to_contain_text("Paused")
    assert annotations().get("neofleet.neo4j.com/paused") == "true", annotations()
    check_axe(page, "a paused deployment")
    test.picture(page, "paused")
    page.locator("#resume").click()
    page.locator("#question-yes").click()
    expect(page.locator("#pause")).to_be_visible()
    assert "neofleet.neo4j.com/paused" not in annotations(), annotations()
    assert not page.faults, page.faults


def test_fields_explained(test):
    ui, page = test.fleet()
    page.goto(f"{ui.origin}{ui.parts.path}#/clusters/shop/orders")
    page.locator(".yaml summary").click()
    expect(page.locator("pre .y-comment")).to_have_count(0)
    page.locator("#explain").click()
    expect(page.locator("#explain")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("pre .y-comment").first).to_be_visible()
    before = page.locator("pre").inner_text().split("  storage:")[0].splitlines()
    assert before[-1].startswith("  # "), before[-3:]
    check_axe(page, "fields explained")
    test.picture(page, "explained")
    page.locator("#explain").click()
    expect(page.locator("pre .y-comment")).to_have_count(0)
    assert not page.faults, page.faults


def test_axe_and_dark(test):
    ui, page = test.fleet()
    grounds = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        grounds[scheme] = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        for identity in ("", "clusters/shop/orders", "standalones/shop/mail", "clusters/search/suggestions", "standalones/research/sandbox"):
            page.goto(f"{ui.origin}{ui.parts.path}#/{identity}")
            expect(page.locator("#panel-registration" if identity else "tbody tr").first).to_be_visible()
            if identity:
                page.locator("summary").last.click()
            check_axe(page, f"{identity or 'the fleet'}, {scheme}")
            test.picture(page, f"{scheme}-{identity.replace('/', '-') or 'fleet'}")
    assert grounds["light"] != grounds["dark"], grounds
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Theme").click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == grounds["dark"], "the theme's button"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "a narrow screen scrolls sideways"


def few_rights(test, folder):
    """A service account that may list, watch and get deployments of one namespace and nothing else."""
    rules = [{"apiGroups": ["neo4j.neo4j.com"], "resources": list(world.PLURALS.values()), "verbs": ["get", "list", "watch"]}]
    base = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
    test.api.tell("POST", "/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": "eva"}})
    test.api.tell("POST", base + "/roles", {"metadata": {"name": "eva"}, "rules": rules})
    test.api.tell("POST", base + "/rolebindings", {"metadata": {"name": "eva"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "eva"},
                                                  "subjects": [{"kind": "ServiceAccount", "name": "eva", "namespace": "shop"}]})
    token = test.api.call("POST", "/api/v1/namespaces/shop/serviceaccounts/eva/token", {"spec": {}})["status"]["token"]
    file = pathlib.Path(folder) / "eva.json"
    file.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "eva", "contexts": [{"name": "eva", "context": {"cluster": "c", "user": "eva", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://10.244.0.1:6443", "certificate-authority": str(test.arguments.cluster / "pki/ca.crt")}}],
        "users": [{"name": "eva", "user": {"token": token}}]}), encoding="utf-8")
    return file


def test_few_rights(test):
    with tempfile.TemporaryDirectory() as folder:
        eva = few_rights(test, folder)
        ui = test.ui(kubeconfig=eva)
        page = test.page(ui)
        expect(page.locator("tbody tr")).to_have_count(sum(item[0] == "shop" for item in world.FLEET))
        expect(row(page, "clusters/shop/orders")).to_contain_text("?/3")
        page.locator(".notice summary").click()
        expect(page.locator(".notice").last).to_contain_text("you may not list and watch statefulsets.apps")
        check_axe(page, "few rights")
        page.locator("a.name", has_text="carts").click()
        for deed in ("register", "restart", "pause"):
            expect(page.locator(f"#{deed}")).to_be_disabled()
        expect(page.locator("#panel-missing")).to_contain_text("the token")
        test.picture(page, "few-rights")
        cookie = "; ".join(f"{item['name']}={item['value']}" for item in page.context.cookies(ui.origin + ui.parts.path))
        body = json.dumps({"id": "standalones/shop/carts"})
        status, _, said = ui.ask(ui.parts.path + "register", "POST", body, Cookie=cookie, Origin=ui.origin)
        assert status == 403 and b"cannot patch" in said, said
        assert ui.ask(ui.parts.path + "deployment?id=clusters/search/index", Cookie=cookie)[0] == 400, "a deployment of another namespace"
        done = subprocess.run([test.arguments.program, "ui", "-A"], env={"KUBECONFIG": str(eva)}, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 4 and "you may not list and watch" in done.stderr, done.stderr


def test_the_end_is_seen(test):
    ui, page = test.fleet()
    test.closers.remove(ui.end)
    ui.end()
    expect(page.locator(".live-text")).to_have_text("lost")
    expect(page.locator(".notice").first).to_contain_text("is the command still running")


def test_zz_a_thousand(test):
    """The last one, since it makes them."""
    world.crowd(test.world, test.arguments.many)
    ui = test.ui("-A")
    started = time.monotonic()
    cookie = ui.enter()
    status, _, _ = ui.ask(ui.parts.path, Cookie=cookie)
    first_ms = (time.monotonic() - started) * 1000
    assert status == 200
    ui, page = test.fleet()
    total = test.arguments.many + len(world.FLEET)
    expect(page.locator("tbody tr")).to_have_count(total)
    started = time.monotonic()
    page.reload()
    page.locator("tbody tr").nth(total - 1).wait_for(state="attached")
    whole_ms = (time.monotonic() - started) * 1000
    took = [crowd.wait_for_change(test, page, number) for number in range(50)]
    page.get_by_role("searchbox").fill("graph-0042")
    expect(page.locator("tbody tr")).to_have_count(1)
    test.picture(page, "thousand")
    crowd.measure_status(test, total)
    for what, figure, target in (("the page's first byte, after the address", first_ms, 300), (f"a change is seen, median of {len(took)}", statistics.median(took), 100)):
        print(f"    {what}: {figure:.0f} ms (wanted: {target} at most)", flush=True)
    print(f"    the command's address came after {ui.began_ms:.0f} ms, all {total} lines {whole_ms:.0f} ms after a reload, the slowest change after {max(took):.0f} ms", flush=True)


def wait_for(what, probe, limit_s=300):
    end = time.monotonic() + limit_s
    while not probe():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {limit_s} s")
        time.sleep(0.2)


def prepare(api):
    """The fleet, unless it is there already."""
    if api.tell("GET", "/api/v1/namespaces/shop")[0] == 200:
        return
    world.populate(world.World(api))
    wait_for("the pods", lambda: world.settled(world.World(api)))
    world.unsettle(world.World(api))


def end_all(test):
    """Of a test that has failed, whatever is still to be ended."""
    for closer in test.closers:
        try:
            closer()
        except Exception:  # noqa: BLE001 - it has failed already
            pass


def run(fn, test):
    try:
        fn(test)
        test.close()
        print(f"ok {fn.__name__}", flush=True)
        return True
    except Exception:  # noqa: BLE001 - whatever it is, the others run
        print(f"not ok {fn.__name__}\n{traceback.format_exc()}", flush=True)
        end_all(test)
        return False


def main():
    options = argparse.ArgumentParser()
    for name in ("program", "cluster", "pictures"):
        options.add_argument("--" + name, type=pathlib.Path)
    options.add_argument("--many", type=int)
    options.add_argument("--pattern", default="")
    arguments = options.parse_args()
    api = world.Api(arguments.cluster)
    prepare(api)
    tests = [fn for name, fn in sorted(globals().items()) if name.startswith("test_") and arguments.pattern in name]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        done = [run(fn, Test(arguments, browser, api)) for fn in tests]
        browser.close()
    print(f"{sum(done)} passed, {len(done) - sum(done)} failed")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
