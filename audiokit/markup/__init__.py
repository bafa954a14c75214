"""The script languages: build and read v1 ``<<...>>`` and v2 ``<as:...>``, and check before paying.

::

    intro = v1.Section("intro", sound_segment="intro", content=["Hello ", v1.Parameter("name", "friend")])
    await kit.apiaudio.scripts.create(v1.build(v1.Script([intro])))

    for problem in markup.check(text, template_segments=template.contents, audience={"name": "Ann"}):
        print(problem)

`v1` is the language of api.audio v1, `v2` the one of AudioStack v2. In both, ``parse(build(script))``
gives the same script back, and ``build(parse(text))`` means what the text means.
"""

from __future__ import annotations

from audiokit.markup import v1, v2
from audiokit.markup._check import Problem, check, ensure

__all__ = ["Problem", "check", "ensure", "v1", "v2"]
