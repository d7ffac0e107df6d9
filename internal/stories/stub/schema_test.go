package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// block is the part of a schema that determines which configurations are valid and where secrets may go.
type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]struct {
		Nesting string `json:"nesting_mode"`
		Block   block  `json:"block"`
	} `json:"block_types"`
}

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	Sensitive bool            `json:"sensitive"`
	WriteOnly bool            `json:"write_only"`
}

type namedBlocks map[string]struct {
	Block block `json:"block"`
}

// The real providers have everything that the stub has, with the same types and flags. Their schemas were
// recorded with "providers schema -json".
func TestStubHasRealSchemas(t *testing.T) {
	t.Parallel()
	recorded, err := filepath.Glob("../testdata/schemas/*.json")
	if err != nil || len(recorded) == 0 {
		t.Fatalf("no schemas found (error %v)", err)
	}
	for _, file := range recorded {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var actual struct {
				Provider struct {
					Block block `json:"block"`
				} `json:"provider"`
				Resources   namedBlocks `json:"resource_schemas"`
				DataSources namedBlocks `json:"data_source_schemas"`
			}
			if err := json.Unmarshal(text, &actual); err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(filepath.Base(file), "-")
			server := providerserver.NewProtocol6(stubs[name]())()
			stubbed, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
			if err != nil || len(stubbed.Diagnostics) > 0 {
				t.Fatalf("no schema (error %v): %v", err, stubbed.Diagnostics)
			}
			compare(t, "provider", stubbed.Provider.Block, actual.Provider.Block)
			for name, schema := range stubbed.ResourceSchemas {
				compare(t, "resource "+name, schema.Block, actual.Resources[name].Block)
			}
			for name, schema := range stubbed.DataSourceSchemas {
				compare(t, "data "+name, schema.Block, actual.DataSources[name].Block)
			}
		})
	}
}

func compare(t *testing.T, at string, stubbed *tfprotov6.SchemaBlock, actual block) {
	t.Helper()
	for _, a := range stubbed.Attributes {
		kind, err := a.Type.MarshalJSON() //nolint:staticcheck // the recorded schemas use this encoding
		if err != nil {
			t.Fatal(err)
		}
		want, known := actual.Attributes[a.Name]
		want.Type = compact(t, want.Type)
		got := attribute{kind, a.Required, a.Optional, a.Computed, a.Sensitive, a.WriteOnly}
		if diff := cmp.Diff(want, got); !known || diff != "" {
			t.Errorf("%s: %s: known = %t (-real +stub):\n%s", at, a.Name, known, diff)
		}
	}
	for _, b := range stubbed.BlockTypes {
		want, known := actual.Blocks[b.TypeName]
		if got := strings.ToLower(b.Nesting.String()); !known || got != want.Nesting {
			t.Errorf("%s: %s: known = %t, nesting %s, want %s", at, b.TypeName, known, got, want.Nesting)
		}
		compare(t, at+": "+b.TypeName, b.Block, want.Block)
	}
}

// compact returns JSON without white space.
func compact(t *testing.T, text json.RawMessage) json.RawMessage {
	t.Helper()
	var short bytes.Buffer
	if len(text) > 0 {
		if err := json.Compact(&short, text); err != nil {
			t.Fatal(err)
		}
	}
	return short.Bytes()
}
