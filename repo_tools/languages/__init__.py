"""One module a language behind the LanguageFrontend protocol."""
