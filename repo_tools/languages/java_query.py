"""What is looked for in the syntax trees of Java: one query."""

from __future__ import annotations

JAVA = """
(identifier) @name
(type_identifier) @name
(method_invocation) @call
(object_creation_expression) @created
(method_reference) @reference
(explicit_constructor_invocation) @constructing
(class_declaration) @type
(interface_declaration) @type
(enum_declaration) @type
(record_declaration) @type
(annotation_type_declaration) @type
(object_creation_expression (class_body) @anonymous)
(enum_constant) @enum_constant
(method_declaration) @method
(constructor_declaration) @method
(compact_constructor_declaration) @method
(annotation_type_element_declaration) @method
(field_declaration) @field
(constant_declaration) @field
(local_variable_declaration) @variable
(formal_parameter) @parameter
(spread_parameter) @parameter
(resource name: (_)) @parameter
(catch_formal_parameter) @parameter
(enhanced_for_statement) @parameter
(instanceof_expression name: (_)) @parameter
(lambda_expression) @lambda
(import_declaration) @import
(package_declaration) @package
(line_comment) @comment
(block_comment) @comment
(local_variable_declaration declarator: (variable_declarator name: (identifier) @local))
(formal_parameter name: (identifier) @local)
(spread_parameter (variable_declarator name: (identifier) @local))
(lambda_expression parameters: (identifier) @local)
(inferred_parameters (identifier) @local)
(enhanced_for_statement name: (identifier) @local)
(catch_formal_parameter name: (identifier) @local)
(resource name: (identifier) @local)
(instanceof_expression name: (identifier) @local)
(type_pattern (identifier) @local)
(type_parameter (type_identifier) @local)
(element_value_pair key: (identifier) @key)
(labeled_statement (identifier) @key)
"""
