"""Why the edges of windows are wrong: the one explanation that fits every answer of a feed.

Each explanation is a guess at what the product does with from and to; the first that fits all the evidence wins.
"""

from functools import cached_property

from halfopen.check.case import FeedCase
from halfopen.check.cause import Cause
from halfopen.check.gaps import Gaps
from halfopen.check.story import Loss, Story
from halfopen.check.strays import Strays


def causes_of(feed: FeedCase) -> "Causes":
    """The explanations of a feed, worked out once."""
    found = feed.memory.get("causes")
    if not isinstance(found, Causes):
        found = feed.memory["causes"] = Causes(Story(feed))
    return found


class Causes:
    """The explanations of one feed's story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        answers = [answer for answer in story.answers if answer.window is not None]
        self._gaps = Gaps(story, answers)
        self._strays = Strays(story, answers, self._gaps)

    @cached_property
    def of_extras(self) -> Cause | None:
        """Why there are rows outside of their windows; None when there are none."""
        extras = self.story.extras
        return self._strays.explained(extras) if extras else None

    @cached_property
    def of_losses(self) -> Cause | None:
        """Why rows are missing; None when none is, or when what explains the extra rows explains it too."""
        losses = self.story.losses or self._cut_off()
        extras = self.of_extras
        if not losses or (
            extras is not None and extras.code not in {"row_outside_window", "window_upper_bound_inclusive"}
        ):
            return None
        strays = {(extra.row.key, extra.row.at) for extra in self.story.extras}
        if sum((loss.row.key, loss.moment) in strays for loss in losses) * 2 >= len(losses):
            # The row stands in the window before: what is wrong is its stamp, which was rounded when it was written.
            return None
        return self._gaps.explained(losses)

    def _cut_off(self) -> list[Loss]:
        """What answers lack that are cut off: what lies beyond their windows need not be known for that."""
        return [loss for loss in self.story.doubts if loss.observation in self.story.full] * self.story.are_cut_off

    def all(self) -> list[Cause]:
        """The causes that were found."""
        return [cause for cause in (self.of_extras, self.of_losses) if cause is not None]
