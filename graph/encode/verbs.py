"""Verbs that names and documentation begin with, and the imperative each form stands for."""

from __future__ import annotations

from functools import cache

_VERBS = """
abort accept access accumulate acquire activate adapt add adjust advance aggregate align allocate allow alter analyse
analyze annotate announce answer append apply approximate archive arrange ask assemble assert assign associate attach
attempt authenticate authorise authorize average await balance become begin bind blend block bound box broadcast
browse buffer build bump bundle cache calculate call cancel capture cast catch chain change check choose chunk clamp
classify clean cleanup clear click clip clone close cluster coerce collapse collate collect combine commit compact
compare compile complete compose compress compute concatenate configure confirm connect construct consume contain
continue control convert convolve coordinate copy correct count cover create cross customise customize cut deactivate
debug decide declare decode decompose decompress deconstruct decorate decrease decrypt deduce deepcopy define delay
delegate delete demonstrate derive describe deserialise deserialize destroy detach detect determine diff differentiate
disable discard disconnect discover dispatch display dissect distribute divide download draw drop dump duplicate edit
eliminate embed emit emulate empty enable encapsulate enclose encode encrypt end enforce enqueue ensure enter enumerate
erase escape establish estimate evaluate examine exchange exclude execute exit expand expect explain explore export
expose express extend extract factor factorise factorize fail fetch fill filter finalise finalize find finish fire fit
fix flag flatten flip flush focus fold follow force forget fork format forward free freeze fulfil gather generate get
give grab grant group grow guarantee guard guess halt handle hash help hide highlight hold hook identify ignore
implement import impose improve include increase increment indent index indicate infer inform inherit initialise
initialize inject inline insert inspect install instantiate instruct integrate intercept interpolate interpret
intersect invalidate invert invoke isolate issue iterate join judge keep kill label launch layout lead leave let lift
limit link list listen load localise localize locate lock log look loop lower maintain make manage manipulate
manufacture map mark marshal mask match maximise maximize measure memoize merge migrate minify minimise minimize
mirror mock model modify monitor mount move multiply mutate name navigate negate negotiate normalise normalize note
notify observe obtain offer omit open operate optimise optimize orchestrate order organise organize output override
overwrite own pack pad paint parallelise parallelize parametrize parse partition pass patch pause peek perform permute
persist pick pin place plan play plot point poll pop populate position post postprocess predict prefetch prepare
prepend preprocess present preserve press prettify prevent print process produce profile project promote prompt
propagate propose protect prove provide proxy prune publish pull purge push put qualify quantise quantize query quit
quote raise randomise randomize rank reach read rebuild recalculate receive recognise recognize recompute reconcile
reconstruct record recover redirect redraw reduce refer refine reflect reformat refresh refuse register regroup reject
relate release reload remember remove rename render reorder repair repeat replace replay reply report represent
reproduce request require reraise rescale reserve reset reshape resize resolve respond restart restore restrict resume
retain retrieve retry return reuse reveal reverse revert review revise revoke rewind rewrite rollback rotate round
route run sample sanitise sanitize satisfy save scale scan schedule score scroll search seed seek select send separate
serialise serialize serve set setup shade share shift shorten show shrink shuffle shut sign signal silence simplify
simulate skip sleep slice slow smooth snap sniff solve sort spawn specialise specialize specify split spread stage
standardise standardize start stash stop store stream strip stub style submit subscribe substitute subtract suggest
sum summarise summarize supply support suppress suspend swap switch symlink sync synchronise synchronize tag take
teardown tell terminate test throw tidy time toggle tokenise tokenize touch trace track train transfer transform
transition translate transmit transpose traverse treat trigger trim truncate try tune turn unbind undo unescape unify
uninstall unload unlock unpack unquote unregister unset unsubscribe untar unwrap unzip update upgrade upload use
utilise utilize validate verify view visit visualise visualize wait walk warn wash watch weigh weight widen wipe wrap
write yield zip zoom
"""

_NOUNS_TEXT = """
access answer archive average bind block bound box broadcast buffer bundle cache call catch chain change chunk
clip clone cluster commit contact control copy count cover cross cut debug delay delegate diff display download draw
drop dump edit embed end exchange exit export factor field filter fit fix flag focus fold force fork format forward
function group guard guess hash help hook import include increase index inline issue join judge key label launch
layout lead limit link list load lock log look loop make map mark mask match measure mirror mock model mount move name
note object offer order output override pack pad paint pass patch pause pick pin place plan play plot point poll
position post present press process produce profile project prompt proxy prune pull push query quote rank reach read
record release reply report request reserve reset result retry return reuse reverse review rollback rotate round route
run sample save scale schedule score scroll search seed sequence set setup shade share shift show sign signal sleep
slice snap sort split spread stage start stash stop store stream strip stub style sum support swap switch symlink sync
tag take teardown test throw time toggle touch trace track train transfer transform transition trigger trim turn
type update upgrade upload use value view visit wait walk watch weight wipe wrap yield zip zoom
"""
_NOUNS = frozenset(_NOUNS_TEXT.split())

_IRREGULAR = {"runs": "run", "does": "do", "goes": "go", "has": "have", "lays": "lay", "tells": "tell"}
_DOUBLING_TEXT = """
bin clip cut drop fit flip get grab let log map nag pad pin plan plot pop prefetch put quit reset run scan set shut
skip slip snap split spawn stop strip stub submit sum swap tag tar trim unset unwrap unzip wrap zip begin forget commit
permit refer emit omit
"""
_DOUBLING = frozenset(_DOUBLING_TEXT.split())
_ALWAYS_NOUNS_TEXT = """
changes contents controls fields files flags formats forms functions groups hooks indexes issues keys labels
limits links lists logs loops maps marks models names notes objects orders outputs points positions processes
projects records requests results routes rows samples scales scores settings signals slices sorts stages stores
streams styles sums tags times tracks trains types uses utilities values views weights building setting
processing timing typing formatting logging rendering
"""
_ALWAYS_NOUNS = frozenset(_ALWAYS_NOUNS_TEXT.split())
"""Forms that begin a noun phrase far more often than they say what something does."""


@cache
def verbs() -> frozenset[str]:
    """Every known verb, as an imperative."""
    return frozenset(_VERBS.split())


@cache
def imperatives() -> dict[str, str]:
    """Form -> imperative: ``returns`` and ``returning`` stand for ``return``."""
    forms = {form: verb for verb in sorted(verbs()) for form in (_third_person(verb), _gerund(verb))}
    forms |= {verb: verb for verb in verbs()} | _IRREGULAR
    return {form: verb for form, verb in forms.items() if form not in _ALWAYS_NOUNS}


def is_noun_too(word: str) -> bool:
    """Whether this verb is as often a noun: ``list of files``, ``test client``."""
    return word in _NOUNS


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def _gerund(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if verb in _DOUBLING else "") + "ing"
