package bench

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// serverTime is how long GoTo takes to answer, where a part does not say otherwise.
const serverTime = 150 * time.Millisecond

// world is a stand-in, and a directory with a token cache and room for a configuration.
type world struct {
	testing.TB
	standin   *standin.Server
	directory string
	// variables lead a provider to both, with the grant of a login that is the world's own.
	variables []string
}

// newWorld returns a world whose server takes that long to answer.
func newWorld(tb testing.TB, serverTime time.Duration) *world {
	tb.Helper()
	server, err := standin.Start()
	must(tb, err)
	tb.Cleanup(func() { _ = server.Close() })
	server.Configure(func(b *standin.Behavior) {
		b.Intercept = func(http.ResponseWriter, *http.Request) bool {
			<-time.After(serverTime)
			return false
		}
	})
	w := &world{TB: tb, standin: server, directory: tb.TempDir()}
	w.variables = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.directory,
		"GOTO_AUTHENTICATION_URL=" + server.URL,
		"GOTO_CLIENT_ID=" + standin.ClientID,
		"GOTO_CLIENT_SECRET=" + standin.ClientSecret,
		"GOTO_REDIRECT_URI=" + standin.RedirectURI,
		"GOTO_TOKEN_CACHE=file:///" + strings.TrimPrefix(filepath.ToSlash(w.cache()), "/"),
		"GOTO_REFRESH_TOKEN=" + server.IssueRefreshToken(),
	}
	return w
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) cache() string { return filepath.Join(w.directory, "cache") }

// forget makes the next opening a cold one.
func (w *world) forget() { must(w, os.RemoveAll(w.cache())) }

// wantRequests ends the test unless that many token requests have come since the last call.
func (w *world) wantRequests(count int) {
	w.Helper()
	if counted := w.standin.Counts().Token; counted != count {
		w.Fatalf("%d token requests, want %d", counted, count)
	}
	w.standin.ResetCounts()
}

// provider returns the real provider, in a state in which it has sent nothing yet.
func (w *world) provider() *opener {
	variables := map[string]string{}
	for _, variable := range w.variables {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return newOpener(w, provider.New("bench", provider.WithEnvironment(func(name string) string { return variables[name] })))
}

// opener is a configured provider in this process, as the command line speaks to it.
type opener struct {
	testing.TB
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

func newOpener(tb testing.TB, made func() frameworkprovider.Provider) *opener {
	tb.Helper()
	server, err := providerserver.NewProtocol6WithError(made())()
	must(tb, err)
	schemas, err := server.GetProviderSchema(tb.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(tb, err)
	o := &opener{tb, server, schemas}
	configured, err := server.ConfigureProvider(tb.Context(), &tfprotov6.ConfigureProviderRequest{Config: o.block(schemas.Provider, nil)})
	if err != nil || len(configured.Diagnostics) > 0 {
		tb.Fatal(err, configured)
	}
	return o
}

// arguments are those of a block that are not null, all of them strings.
type arguments map[string]string

// block returns a configuration of that schema.
func (o *opener) block(schema *tfprotov6.Schema, given arguments) *tfprotov6.DynamicValue {
	object, _ := schema.ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
		if value, ok := given[name]; ok {
			values[name] = tftypes.NewValue(attribute, value)
		}
	}
	encoded, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	must(o, err)
	return &encoded
}

// open opens a goto_access_token.
func (o *opener) open(given arguments) {
	const name = "goto_access_token"
	opened, err := o.server.OpenEphemeralResource(o.Context(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: o.block(o.schemas.EphemeralResourceSchemas[name], given)})
	if err != nil || len(opened.Diagnostics) > 0 {
		o.Fatal(err, opened)
	}
}
