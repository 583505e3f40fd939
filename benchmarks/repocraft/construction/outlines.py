"""Trees of features for projects whose release has no documentation: our words, each tied to a module it stands for.

A leaf is kept if the release has its module, so that the tree follows the release and not memory.
"""

from __future__ import annotations

from pathlib import Path

Outline = dict[str, dict[str, str]]
"""Category, then module below the package, then words. A key may name a module twice with ``#`` and a mark."""

REQUESTS: Outline = {
    "Sending": {
        "api#verbs": "One call for each HTTP method",
        "models#request": "Preparing a request before it is sent",
        "models#url": "Completing and quoting URLs and query parameters",
        "models#body": "Form, raw and JSON bodies",
        "models#files": "Multipart file uploads",
        "utils#chunked": "Body length, rewinding and chunked uploads",
        "structures#headers": "Headers without regard to case",
    },
    "Receiving": {
        "models#response": "Response status, headers and body access",
        "models#json": "Decoding JSON answers",
        "utils#encoding": "Guessing the encoding of text",
        "models#stream": "Streaming by chunk and by line",
        "status_codes": "Status codes by name",
        "exceptions": "One family of errors",
    },
    "Sessions": {
        "sessions#state": "Sessions that keep settings over requests",
        "sessions#redirects": "Following and limiting redirects",
        "cookies": "Cookie jars",
        "hooks": "Event hooks",
    },
    "Transport": {
        "adapters#pool": "Transport adapters, connection pools and retries",
        "adapters#timeout": "Timeouts for connecting and reading",
        "adapters#proxy": "Proxies from arguments and environment",
        "certs": "Certificate verification and client certificates",
    },
    "Authentication": {
        "auth": "Basic, proxy and digest authentication",
    },
}

PANDAS: Outline = {
    "Data structures": {
        "core.series": "One-dimensional labelled arrays",
        "core.frame": "Two-dimensional labelled tables",
        "core.indexes.base": "Immutable indexes",
        "core.indexes.multi": "Hierarchical indexes",
        "core.indexes.category": "Categorical indexes",
        "core.indexes.interval": "Interval indexes",
        "core.accessor": "Accessors registered by extensions",
    },
    "Extension arrays and types": {
        "core.arrays.base": "An interface for extension arrays",
        "core.arrays.categorical": "Categorical data",
        "core.arrays.integer": "Nullable integers",
        "core.arrays.floating": "Nullable floating point numbers",
        "core.arrays.boolean": "Nullable booleans",
        "core.arrays.string_": "String data type",
        "core.arrays.sparse": "Sparse arrays",
        "core.arrays.arrow": "Arrow-backed arrays",
        "core.dtypes.cast": "Casting and common types",
        "core.dtypes.inference": "Inferring what values are",
    },
    "Selection and alignment": {
        "core.indexing": "Selecting by label and by position",
        "core.sample": "Random samples",
        "core.algorithms": "Unique values, ranks, membership and duplicates",
        "core.sorting": "Sorting by values and labels",
        "core.methods.selectn": "Largest and smallest rows",
        "core.generic#align": "Aligning and reindexing",
    },
    "Arithmetic and functions": {
        "core.ops.array_ops": "Element-wise arithmetic and comparison",
        "core.ops.mask_ops": "Three-valued logic",
        "core.apply": "Applying and piping functions",
        "core.nanops": "Reductions that leave out missing values",
        "core.methods.describe": "Descriptive statistics",
        "core.computation.eval": "Evaluating expressions in text",
        "core.frame#corr": "Correlation and covariance",
        "core.generic#cumulative": "Cumulative and shifted values",
    },
    "Missing data": {
        "core.dtypes.missing": "Detecting missing values",
        "core.missing": "Filling and interpolating missing values",
        "core.generic#replace": "Replacing and masking values",
        "core.frame#dropna": "Dropping rows and columns with gaps",
    },
    "Reshaping and combining": {
        "core.reshape.concat": "Concatenating tables",
        "core.reshape.merge": "Database-style joins and ordered merges",
        "core.reshape.pivot": "Pivot tables and cross tabulation",
        "core.reshape.reshape": "Stacking and unstacking",
        "core.reshape.melt": "Wide to long form",
        "core.reshape.encoding": "Indicator columns",
        "core.reshape.tile": "Binning into intervals and quantiles",
        "core.frame#compare": "Comparing tables cell by cell",
    },
    "Grouping and windows": {
        "core.groupby.groupby": "Splitting into groups and aggregating",
        "core.groupby.generic": "Transforming and filtering groups",
        "core.window.rolling": "Rolling windows",
        "core.window.expanding": "Expanding windows",
        "core.window.ewm": "Exponentially weighted windows",
        "core.indexers.objects": "Windows of variable size",
    },
    "Text": {
        "core.strings.accessor": "Vectorised string methods",
        "core.strings.object_array": "Pattern search, extraction and replacement in columns of text",
    },
    "Dates and times": {
        "core.indexes.datetimes": "Date indexes and ranges",
        "core.indexes.timedeltas": "Durations",
        "core.indexes.period": "Periods",
        "core.tools.datetimes": "Parsing dates",
        "core.tools.timedeltas": "Parsing durations",
        "core.resample": "Resampling to other frequencies",
        "tseries.offsets": "Date offsets and business days",
        "tseries.holiday": "Holiday calendars",
        "tseries.frequencies": "Inferring frequencies",
        "core.indexes.accessors": "Date and time parts of columns",
        "core.arrays.datetimes": "Time zones",
    },
    "Reading and writing": {
        "io.parsers.readers": "Delimited and fixed-width text",
        "io.json._json": "JSON",
        "io.json._normalize": "Flattening nested JSON",
        "io.html": "HTML tables",
        "io.xml": "XML",
        "io.excel._base": "Spreadsheets",
        "io.sql": "SQL databases",
        "io.pytables": "HDF5 stores",
        "io.parquet": "Parquet",
        "io.feather_format": "Feather",
        "io.stata": "Stata files",
        "io.sas.sasreader": "SAS files",
        "io.pickle": "Pickle files",
        "io.clipboards": "The clipboard",
        "io.common": "Compression and remote files",
    },
    "Display": {
        "io.formats.format": "Text display of tables",
        "io.formats.style": "Styled tables",
        "io.formats.info": "Summaries of memory and types",
        "plotting._core": "Plots",
        "_config.config": "Options of the library",
    },
}


def outlined(outline: Outline, package: Path) -> dict[str, list[str]]:
    """Return the categories and leaves whose modules the package has."""
    kept = {
        category: [words for module, words in leaves.items() if words and _is_there(package, module.partition("#")[0])]
        for category, leaves in outline.items()
    }
    return {category: leaves for category, leaves in kept.items() if leaves}


def _is_there(package: Path, module: str) -> bool:
    path = package.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()
