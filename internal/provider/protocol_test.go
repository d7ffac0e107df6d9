package provider_test

import (
	"context"
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

// newServer returns a provider that speaks the command line's protocol.
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

// said returns the diagnostics as text.
func said(diagnostics []*tfprotov6.Diagnostic) string {
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
		"not configured":           {false, nil, "not configured"},
		"unknown code":             {true, map[string]tftypes.Value{"code": unknown}, "not known yet"},
		"unknown client_id":        {true, map[string]tftypes.Value{"client_id": unknown}, "not known yet"},
		"unknown profile":          {true, map[string]tftypes.Value{"profile": unknown}, "not known yet"},
		"unknown min_validity":     {true, map[string]tftypes.Value{"min_validity": unknown}, "not known yet"},
		"unknown refresh_token":    {true, map[string]tftypes.Value{"refresh_token": unknown}, "not known yet"},
		"unknown required_scopes":  {true, map[string]tftypes.Value{"required_scopes": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue)}, "not known yet"},
		"an unknown scope of some": {true, map[string]tftypes.Value{"required_scopes": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{unknown})}, "not known yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, func(name string) string { return w.environment[name] })
			known := schemas(t, server)
			if test.configured {
				configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: arguments(t, known.Provider, nil)})
				if err != nil || len(configured.Diagnostics) > 0 {
					t.Fatalf("configuring: %v, %s", err, said(configured.Diagnostics))
				}
			}
			opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
				TypeName: "goto_access_token", Config: arguments(t, known.EphemeralResourceSchemas["goto_access_token"], test.values),
			})
			if err != nil || !strings.Contains(said(opened.Diagnostics), test.message) {
				t.Errorf("opening: %v, %s", err, said(opened.Diagnostics))
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
			if err != nil || !strings.Contains(said(read.Diagnostics), test.message) {
				t.Errorf("reading: %v, %s", err, said(read.Diagnostics))
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
			t.Fatalf("configuring: %v, %s", err, said(configured.Diagnostics))
		}
		opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: "goto_access_token", Config: arguments(t, known.EphemeralResourceSchemas["goto_access_token"], nil),
		})
		if err != nil || !strings.Contains(said(opened.Diagnostics), "the run was canceled") {
			t.Errorf("%s: opening: %v, %s", variable, err, said(opened.Diagnostics))
		}
		pressSecond()
		if requests := w.server.Counts().Token; requests != 1 {
			t.Errorf("%s: %d requests", variable, requests)
		}
	}
}
