package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// The floor costs the command line what the real provider costs it only as long as it looks the same.
func TestConstantProviderHasTheSameAttributes(t *testing.T) {
	t.Parallel()
	var seen [2]map[string][]string
	for i, server := range []func() (tfprotov6.ProviderServer, error){
		providerserver.NewProtocol6WithError(provider.New("test")()), providerserver.NewProtocol6WithError(constant.New()),
	} {
		served, err := server()
		if err != nil {
			t.Fatal(err)
		}
		schemas, err := served.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		seen[i] = map[string][]string{
			"provider":          attributes(schemas.Provider),
			"goto_access_token": attributes(schemas.EphemeralResourceSchemas["goto_access_token"]),
		}
	}
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
		t.Errorf("the attributes (-provider +constant):\n%s", diff)
	}
}

// attributes returns a line for each attribute.
func attributes(schema *tfprotov6.Schema) (lines []string) {
	for _, attribute := range schema.Block.Attributes {
		line := attribute.Name + " " + attribute.Type.String()
		for name, is := range map[string]bool{" optional": attribute.Optional, " computed": attribute.Computed, " sensitive": attribute.Sensitive} {
			if is {
				line += name
			}
		}
		words := strings.Fields(line)
		slices.Sort(words)
		lines = append(lines, strings.Join(words, " "))
	}
	slices.Sort(lines)
	return lines
}

// The provider logs where it is asked to, and nowhere else: the command line pays for every line.
func TestProcessLogsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform-provider-goto.exe") // Windows starts nothing without it
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for asked, variable := range map[bool]string{false: "TF_LOG=", true: "TF_LOG=TRACE"} {
		w := newBenchWorld(t)
		var logged bytes.Buffer
		p, err := startProcess(path, &logged, append(w.variables, variable)...)
		if err != nil {
			t.Fatal(err)
		}
		o := w.provider() // for the schemas alone
		err = p.configure(t.Context(), o.schemas.Provider)
		if err == nil {
			err = p.open(t.Context(), o.schemas.EphemeralResourceSchemas["goto_access_token"], nil)
		}
		p.stop()
		if err != nil {
			t.Fatal(err)
		}
		if w.requests() != 1 {
			t.Errorf("%s: the process has not asked for a token", variable)
		}
		for _, line := range []string{"requesting a token", `"@module":"sdk.proto"`} { // the engine's, and the framework's
			if said := strings.Contains(logged.String(), line); said != asked {
				t.Errorf("%s: logged %s: %t", variable, line, said)
			}
		}
	}
}
