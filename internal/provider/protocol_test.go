package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// newServer returns a provider as a server of the command line's protocol.
func newServer(t testing.TB, getenv func(string) string, options ...provider.Option) tfprotov6.ProviderServer {
	t.Helper()
	options = append(options, provider.WithEnvironment(getenv))
	server, err := providerserver.NewProtocol6WithError(provider.New("test", options...)())()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// arguments returns a configuration for schema with the given values. All other arguments are null.
func arguments(t testing.TB, schema *tfprotov6.Schema, values map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("block of type %s, want an object", schema.ValueType())
	}
	all := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		all[name] = tftypes.NewValue(attribute, nil)
	}
	maps.Copy(all, values)
	encoded, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, all))
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

func schemas(t testing.TB, server tfprotov6.ProviderServer) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	found, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// says fails the test unless the provider refuses the arguments of a block with message. Like the command line, it
// validates and configures the provider, then validates the block and opens or reads it, until there is a diagnostic.
func (w *world) says(block, given, message string) {
	w.Helper()
	server := recordedServer{newServer(w, func(name string) string { return w.environment[name] }), w}
	known := schemas(w, server)
	var ofProvider, ofBlock map[string]tftypes.Value
	if ofBlock = parsed(w, given); block == "" {
		ofProvider, ofBlock = ofBlock, nil
	}
	config := arguments(w, known.Provider, ofProvider)
	validated, err := server.ValidateProviderConfig(w.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	diagnostics := validated.Diagnostics
	if err == nil && len(diagnostics) == 0 {
		var configured *tfprotov6.ConfigureProviderResponse
		configured, err = server.ConfigureProvider(w.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
		diagnostics = configured.Diagnostics
	}
	if source := known.DataSourceSchemas[block]; err == nil && len(diagnostics) == 0 && source != nil {
		config = arguments(w, source, ofBlock)
		var validated *tfprotov6.ValidateDataResourceConfigResponse
		validated, err = server.ValidateDataResourceConfig(w.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: block, Config: config})
		if diagnostics = validated.Diagnostics; err == nil && len(diagnostics) == 0 {
			var read *tfprotov6.ReadDataSourceResponse
			read, err = server.ReadDataSource(w.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: block, Config: config})
			diagnostics = read.Diagnostics
		}
	}
	if ephemeral := known.EphemeralResourceSchemas[block]; err == nil && len(diagnostics) == 0 && ephemeral != nil {
		config = arguments(w, ephemeral, ofBlock)
		var validated *tfprotov6.ValidateEphemeralResourceConfigResponse
		validated, err = server.ValidateEphemeralResourceConfig(w.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: block, Config: config})
		if diagnostics = validated.Diagnostics; err == nil && len(diagnostics) == 0 {
			var opened *tfprotov6.OpenEphemeralResourceResponse
			opened, err = server.OpenEphemeralResource(w.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: block, Config: config})
			diagnostics = opened.Diagnostics
		}
	}
	if text := diagnosticText(diagnostics); err != nil || !words(message).MatchString(text) {
		w.Errorf("got error %v and %s, want %s", err, text, message)
	}
	w.checkLeaks()
}

// parsed returns the arguments in lines such as name = "value", name = 1, and name = ["value", "value"].
func parsed(t testing.TB, given string) map[string]tftypes.Value {
	t.Helper()
	values := map[string]tftypes.Value{}
	for line := range strings.Lines(given) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " = ")
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch value := value.(type) {
		case string:
			values[name] = tftypes.NewValue(tftypes.String, value)
		case float64:
			values[name] = tftypes.NewValue(tftypes.Number, value)
		case []any:
			elements := []tftypes.Value{}
			for _, element := range value {
				elements = append(elements, tftypes.NewValue(tftypes.String, element))
			}
			values[name] = tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, elements)
		}
	}
	return values
}

// diagnosticText returns the diagnostics as text.
func diagnosticText(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, diagnostic := range diagnostics {
		fmt.Fprintf(&text, "%s: %s: %s\n", diagnostic.Attribute, diagnostic.Summary, diagnostic.Detail)
	}
	return text.String()
}

// The command line makes calls in order and with known values. For other callers, the provider returns an error and
// does not crash.
func TestCallsOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("GOTO_REFRESH_TOKEN", w.server.IssueRefreshToken())
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for name, test := range map[string]struct {
		configured bool
		values     map[string]tftypes.Value
		message    string
	}{
		"not configured":          {false, nil, "not configured"},
		"unknown code":            {true, map[string]tftypes.Value{"code": unknown}, "not known yet"},
		"unknown client_id":       {true, map[string]tftypes.Value{"client_id": unknown}, "not known yet"},
		"unknown profile":         {true, map[string]tftypes.Value{"profile": unknown}, "not known yet"},
		"unknown min_validity":    {true, map[string]tftypes.Value{"min_validity": unknown}, "not known yet"},
		"unknown refresh_token":   {true, map[string]tftypes.Value{"refresh_token": unknown}, "not known yet"},
		"unknown required_scopes": {true, map[string]tftypes.Value{"required_scopes": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue)}, "not known yet"},
		"one unknown scope":       {true, map[string]tftypes.Value{"required_scopes": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{unknown})}, "not known yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, func(name string) string { return w.environment[name] })
			known := schemas(t, server)
			if test.configured {
				configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: arguments(t, known.Provider, nil)})
				if err != nil || len(configured.Diagnostics) > 0 {
					t.Fatalf("configuring: %v, %s", err, diagnosticText(configured.Diagnostics))
				}
			}
			opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
				TypeName: "goto_access_token", Config: arguments(t, known.EphemeralResourceSchemas["goto_access_token"], test.values),
			})
			if err != nil || !strings.Contains(diagnosticText(opened.Diagnostics), test.message) {
				t.Errorf("opening: %v, %s", err, diagnosticText(opened.Diagnostics))
			}
			if _, ofTheToken := test.values["code"]; test.configured && !ofTheToken {
				return
			}
			values := map[string]tftypes.Value{}
			if test.configured {
				values["client_id"] = unknown
			}
			read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
				TypeName: "goto_authorize_url", Config: arguments(t, known.DataSourceSchemas["goto_authorize_url"], values),
			})
			if err != nil || !strings.Contains(diagnosticText(read.Diagnostics), test.message) {
				t.Errorf("reading: %v, %s", err, diagnosticText(read.Diagnostics))
			}
		})
	}
	w.expectRequests(0, 0, 0)
}

// Ctrl-C ends a request that hangs, even if the command line does not cancel the call. If the answer cannot be obtained
// again, only the second Ctrl-C does.
func TestInterruptEndsARequest(t *testing.T) {
	t.Parallel()
	for variable, presses := range map[string]int{"GOTO_PERSONAL_ACCESS_TOKEN": 1, "GOTO_REFRESH_TOKEN": 2} {
		w := newWorld(t)
		w.set(variable, "a-credential")
		first, pressFirst := context.WithCancel(t.Context())
		second, pressSecond := context.WithCancel(t.Context())
		w.server.Configure(func(b *standin.Behavior) {
			b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
				_ = r.ParseForm() // so that the server notices when the client disconnects
				for _, press := range []func(){pressFirst, pressSecond}[:presses] {
					press()
				}
				<-r.Context().Done()
				return true
			}
		})
		server := newServer(t, func(name string) string { return w.environment[name] }, provider.WithInterrupt(first, second))
		known := schemas(t, server)
		configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: arguments(t, known.Provider, nil)})
		if err != nil || len(configured.Diagnostics) > 0 {
			t.Fatalf("configuring: %v, %s", err, diagnosticText(configured.Diagnostics))
		}
		opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: "goto_access_token", Config: arguments(t, known.EphemeralResourceSchemas["goto_access_token"], nil),
		})
		if err != nil || !strings.Contains(diagnosticText(opened.Diagnostics), "the run was canceled") {
			t.Errorf("%s: opening: %v, %s", variable, err, diagnosticText(opened.Diagnostics))
		}
		pressSecond()
		if requests := w.server.Counts().Token; requests != 1 {
			t.Errorf("%s: %d requests", variable, requests)
		}
	}
}
