# SPDX-License-Identifier: Apache-2.0
"""The site builds, its links lead somewhere, and it asks nobody else for anything."""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import pages

ROOT = pages.ROOT
OUTSIDE = re.compile(r"^[a-z]+:|^//")


class Links(html.parser.HTMLParser):
    """What a page has: ids, links that a person follows, and what a browser fetches by itself."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.followed, self.fetched = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if has.get("id"):
            self.ids.add(has["id"])
        if tag == "a" and has.get("href"):
            self.followed.add(has["href"])
        for name in ("src", "srcset", "href") if tag in ("link", "script", "img", "iframe", "source") else ():
            if has.get(name):
                self.fetched.add(has[name])


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="traffictap-docs-")
        cls.site = pathlib.Path(cls.work) / "site"
        done = subprocess.run([ROOT / "docs/build.sh", cls.site], text=True, capture_output=True,
                              env={**os.environ, "TRAFFICTAP_DOCS_BASE": "/"})
        if done.returncode:
            raise AssertionError(f"the site does not build:\n{done.stdout}{done.stderr}")
        cls.pages = {str(p.relative_to(cls.site)): Links(p.read_text()) for p in cls.site.rglob("*.html")}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def test_every_document_is_a_page_and_in_the_sidebar(self):
        documents = {str(p.relative_to(pages.DOCS)) for p in pages.DOCS.rglob("*.md") if p.name != "README.md"}
        self.assertLessEqual({name.replace(".md", ".html") for name in documents}, set(self.pages))
        sidebar = re.findall(r"link: '/([^']*)'", (pages.DOCS / ".vitepress/config.mts").read_text())
        listed = {link + "index.md" if link.endswith("/") else link + ".md" for link in sidebar}
        self.assertEqual(documents - {"index.md"}, listed)

    def test_every_link_leads_to_a_page_and_a_heading(self):
        for name, page in self.pages.items():
            for link in page.followed:
                if OUTSIDE.match(link):
                    continue
                path, _, anchor = link.partition("#")
                target = self.target(name, path)
                self.assertTrue(target in self.pages or (self.site / target).is_file(), f"{name}: {link}")
                if anchor and target in self.pages:
                    self.assertIn(anchor, self.pages[target].ids, f"{name}: {link}")

    def target(self, name, path):
        if not path:
            return name
        base = pathlib.PurePosixPath("/") / name
        absolute = pathlib.PurePosixPath(os.path.normpath(base.parent / path)).relative_to("/")
        return str(absolute / "index.html") if path.endswith("/") else str(absolute)

    def test_alerts_lead_to_headings(self):
        for file in (ROOT / "charts/traffictap/files/alerts").glob("*.yaml"):
            links = re.findall(r"runbook_url: docs/(\S+)\.md#(\S+)", file.read_text())
            self.assertEqual(len(links), file.read_text().count("- alert:"))
            for page, anchor in links:
                self.assertIn(anchor, self.pages[f"{page}.html"].ids)

    def test_every_alert_is_in_the_list(self):
        text = pages.pages()["monitoring.md"]
        for file in (ROOT / "charts/traffictap/files/alerts").glob("*.yaml"):
            alerts = set(re.findall(r"- alert: (\w+)", file.read_text()))
            self.assertEqual(alerts, set(re.findall(r"^\| (TrafficTap\w+) \|", text, re.M)))

    def test_nothing_is_fetched_from_elsewhere(self):
        for name, page in self.pages.items():
            self.assertEqual([url for url in page.fetched if OUTSIDE.match(url) and not url.startswith("data:")], [], name)
        for style in self.site.rglob("*.css"):
            fetched = re.findall(r"(?:url\(|@import )[\"']?(https?:[^\"')]+)", style.read_text())
            self.assertEqual(fetched, [], style.name)

    def test_it_can_be_searched_without_a_server(self):
        index = [p for p in self.site.rglob("*.js") if "localSearchIndex" in p.name]
        self.assertTrue(index)
        self.assertIn("CollectorHidden", "".join(p.read_text() for p in index))
