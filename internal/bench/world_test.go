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

// serverTime is the default time that GoTo takes to answer.
const serverTime = 150 * time.Millisecond

// world is a stand-in and a directory for a token cache and a configuration.
type world struct {
	testing.TB
	standin   *standin.Server
	directory string
	// variables configure a provider to use both, with a login of this world.
	variables []string
}

// newWorld returns a world whose server takes the given time to answer.
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

// clearCache clears the cache so that the next opening is cold.
func (w *world) clearCache() { must(w, os.RemoveAll(w.cache())) }

// wantRequests ends the test unless the stand-in has received this many token requests since the last call.
func (w *world) wantRequests(count int) {
	w.Helper()
	if counted := w.standin.Counts().Token; counted != count {
		w.Fatalf("%d token requests, want %d", counted, count)
	}
	w.standin.ResetCounts()
}

// provider returns a new instance of the real provider, which has sent no requests.
func (w *world) provider() *opener {
	variables := map[string]string{}
	for _, variable := range w.variables {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return newOpener(w, provider.New("bench", provider.WithEnvironment(func(name string) string { return variables[name] })))
}

// opener is a configured provider within this process, called through the command line's protocol.
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

// arguments are the arguments of a block that are not null. All are strings.
type arguments map[string]string

// block returns a configuration for the given schema.
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

// open opens a goto_access_token and returns its attributes.
func (o *opener) open(given arguments) *tfprotov6.DynamicValue {
	const name = "goto_access_token"
	opened, err := o.server.OpenEphemeralResource(o.Context(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: o.block(o.schemas.EphemeralResourceSchemas[name], given)})
	if err != nil || len(opened.Diagnostics) > 0 {
		o.Fatal(err, opened)
	}
	return opened.Result
}
