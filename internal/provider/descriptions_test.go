package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The registry's pages are made of these descriptions, so each has to say all there is to know.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	found := schemas(t, newServer(t, func(string) string { return "" }))
	describes(t, "provider", found.Provider.Block.Attributes, func(argument string) string { return "`GOTO_" + strings.ToUpper(argument) + "`" })
	for name, schema := range found.DataSourceSchemas {
		describes(t, name, schema.Block.Attributes, nil)
	}
	for name, schema := range found.EphemeralResourceSchemas {
		describes(t, name, schema.Block.Attributes, nil)
	}
}

// describes fails the test where a description is no sentence, or that of an argument has no default or
// does not name its variable.
func describes(t *testing.T, of string, attributes []*tfprotov6.SchemaAttribute, variable func(string) string) {
	t.Helper()
	if len(attributes) == 0 {
		t.Errorf("%s has no attributes", of)
	}
	for _, attribute := range attributes {
		text := attribute.Description
		if !strings.HasSuffix(text, ".") {
			t.Errorf("%s of %s: %q does not end like a sentence", attribute.Name, of, text)
		}
		if attribute.Optional && !strings.Contains(text, "Default: ") {
			t.Errorf("%s of %s: %q names no default", attribute.Name, of, text)
		}
		if variable != nil && !strings.Contains(text, variable(attribute.Name)) {
			t.Errorf("%s of %s: %q does not name %s", attribute.Name, of, text, variable(attribute.Name))
		}
		if attribute.NestedType != nil {
			describes(t, of+"."+attribute.Name, attribute.NestedType.Attributes, nil)
		}
	}
}
