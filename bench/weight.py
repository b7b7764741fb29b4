"""What a page loads, by kind, gzipped as a host would send it."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import url2pathname

from site_pages import SITE, chapters, open_browser

OWN = {"the figure (aim 60)": ("lab.js", "lab.css"), "the site": ("site.js", "site.css")}


def report() -> Iterator[str]:
    yield "What a page loads, kB gzipped (and as it is)"
    with open_browser() as browser:
        for file in chapters():
            page = browser.new_page()
            loaded = []
            page.on("request", lambda request, loaded=loaded: loaded.append((request.resource_type, request.url)))
            page.goto(file.as_uri())
            page.wait_for_load_state("networkidle")
            packed, plain = Counter(), Counter()
            own = Counter()
            for kind, url in loaded:
                if not url.startswith("file:"):
                    continue
                path = Path(url2pathname(url.removeprefix("file://").split("?")[0].split("#")[0]))
                content = path.read_bytes()
                size = len(gzip.compress(content, 9)) if kind != "font" else len(content)
                packed[kind] += size
                plain[kind] += len(content)
                for part, names in OWN.items():
                    own[part] += size if path.name in names else 0
            parts = ", ".join(
                f"{kind} {size / 1e3:.0f} ({plain[kind] / 1e3:.0f})" for kind, size in packed.most_common()
            )
            yield f"{file.relative_to(SITE)}: {sum(packed.values()) / 1e3:.0f} ({sum(plain.values()) / 1e3:.0f}): {parts}"
            yield f"    of it our own script and style: {', '.join(f'{part} {size / 1e3:.1f}' for part, size in own.items())}"
            page.close()
