"""A page as its elements and its words, and what holds for every report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
RESOURCES = {"src", "srcset", "href", "xlink:href", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """Elements as (tag, attributes, text so far), with a check that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.inside: list[tuple[str, ...]] = []  # of every element, what it stands in
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.inside.append(tuple(self.open))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes what was opened last."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        """Every word, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> Iterator[dict[str, str]]:
        """The attributes of all elements with this tag."""
        return (attributes for name, attributes in self.elements if name == tag)


def check(text: str) -> Page:
    """What holds for the report of any experiment."""
    page = Page(text)
    assert not page.open, f"not closed: {page.open}"
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for place, (tag, attributes) in enumerate(page.elements):
        for name in RESOURCES & attributes.keys():
            assert attributes[name].startswith("#"), f"<{tag} {name}={attributes[name]!r}> leaves the page"
            assert attributes[name][1:] in ids
        if tag == "svg" and "svg" not in page.inside[place]:
            hidden = attributes.get("aria-hidden") == "true"
            assert hidden or (attributes.get("role") == "img" and attributes["aria-label"]), attributes
        if tag == "th":
            assert attributes.get("scope") in {"row", "col"}
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {f"#{name}" for name in ids}
    assert "@import" not in text
    assert not list(page.all("img"))
    assert not list(page.all("link"))
    assert len(list(page.all("script"))) == 1
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text
    return page
