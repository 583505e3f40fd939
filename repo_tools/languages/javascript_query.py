"""What is looked for in the syntax trees of JavaScript and TypeScript: one query a grammar."""

from __future__ import annotations

_COMMON = """
(identifier) @name
(shorthand_property_identifier) @name
(call_expression function: (_) @callee)
(new_expression constructor: (_) @created)
(function_declaration) @function
(generator_function_declaration) @function
(function_expression) @function
(generator_function) @function
(arrow_function) @function
(method_definition) @method
(class_declaration) @class
(class) @class
(variable_declarator) @variable
(assignment_expression) @assignment
(import_statement) @import
(export_statement) @export
(pair value: [(function_expression) (generator_function) (arrow_function) (class)]) @pair
(if_statement) @condition
(try_statement) @condition
(comment) @comment
(call_expression function: (import)) @lone
((call_expression function: (identifier) @_called arguments: (arguments . (string))) @lone (#eq? @_called "require"))
(variable_declarator name: (identifier) @local)
(shorthand_property_identifier_pattern) @local
(pair_pattern value: (identifier) @local)
(array_pattern (identifier) @local)
(rest_pattern (identifier) @local)
(assignment_pattern left: (identifier) @local)
(arrow_function parameter: (identifier) @local)
(catch_clause parameter: (identifier) @local)
(for_in_statement left: (identifier) @local)
"""

_JSX = """
(jsx_closing_element name: (_) @closing)
"""

_JAVASCRIPT = """
(field_definition) @field
(formal_parameters (identifier) @local)
"""

_TYPESCRIPT = """
(type_identifier) @name
(public_field_definition) @field
(required_parameter pattern: (identifier) @local)
(optional_parameter pattern: (identifier) @local)
(required_parameter type: (_)) @parameter
(optional_parameter type: (_)) @parameter
(type_parameter name: (type_identifier) @local)
(abstract_class_declaration) @class
(interface_declaration) @interface
(type_alias_declaration) @alias
(enum_declaration) @enum
(internal_module) @namespace
(module) @namespace
(function_signature) @signature
(class_body (method_signature) @overload)
(class_body (abstract_method_signature) @overload)
(class_body (decorator) @decorator)
(import_alias) @import_alias
"""

JAVASCRIPT = _COMMON + _JSX + _JAVASCRIPT
TYPESCRIPT = _COMMON + _TYPESCRIPT
TSX = _COMMON + _JSX + _TYPESCRIPT
