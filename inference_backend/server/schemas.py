"""What both kinds of completion take: how tokens are chosen, and how much of an answer is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_CHOICES = 16
MOST_STOPS = 16

Stop = Annotated[str, Field(min_length=1, max_length=1000)]
Bias = Annotated[float, Field(ge=-100, le=100)]


class Strict(BaseModel):
    """A part of a request; what is not known is refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class StreamOptions(Strict):
    """How an answer is streamed."""

    include_usage: bool = False
    include_obfuscation: bool = False
    """Accepted for OpenAI's clients; nothing is padded here."""


class Hints(Strict):
    """What an agent knows of the program whose turn a request is."""

    job_id: str = Field(min_length=1, max_length=200)
    last_tool: str = Field(default="", max_length=200)
    is_last: bool = False


class Common(Strict):
    """Parameters of chat and text completions."""

    model: str = Field(min_length=1, max_length=4096)
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=-1, le=1_000_000)
    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-(1 << 63), lt=1 << 63)
    stop: Stop | list[Stop] | None = None
    n: int | None = Field(default=None, ge=1, le=MOST_CHOICES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logit_bias: dict[str, Bias] | None = Field(default=None, max_length=1024)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    ignore_eos: bool | None = None
    kv: Hints | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.stop, list) and len(self.stop) > MOST_STOPS:
            raise ValueError(f"stop has more than {MOST_STOPS} texts")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is for stream: true")
        return self

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer."""
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    @property
    def choices(self) -> int:
        """Answers wanted."""
        return self.n or 1

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with what it cost."""
        return self.stream_options is not None and self.stream_options.include_usage


class TextRequest(Common):
    """Body of ``/v1/completions``."""

    prompt: str | list[str] | list[int] | list[list[int]]
    logprobs: int | None = Field(default=None, ge=0, le=20)
    echo: Literal[False] | None = None
    suffix: None = None
    best_of: int | None = Field(default=None, ge=1, le=MOST_CHOICES)

    @model_validator(mode="after")
    def _has_prompts(self) -> Self:
        if self.best_of is not None and self.best_of != self.choices:
            raise ValueError("best_of other than n is not supported")
        if not self.prompt:
            raise ValueError("prompt is empty")
        if len(self.prompts) * self.choices > MOST_CHOICES:
            raise ValueError(f"prompts times n is more than {MOST_CHOICES}")
        return self

    @property
    def prompts(self) -> list[str | list[int]]:
        """Each text, or its tokens."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if isinstance(self.prompt[0], int):
            return [[int(token) for token in self.prompt if isinstance(token, int)]]
        return [each for each in self.prompt if not isinstance(each, int)]
