// Package constant is the provider that the benchmarks compare the real one with. It has the same framework, arguments
// and attributes, but its tokens are constants.
package constant

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// description has the average length of the real provider's descriptions.
var description = strings.Repeat("Says what it is for. ", 8)

// New returns the provider.
func New() provider.Provider { return constantProvider{} }

type constantProvider struct{}

// Metadata implements [provider.Provider].
func (constantProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "goto"
}

// Schema implements [provider.Provider].
func (constantProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := map[string]schema.Attribute{"max_retries": schema.Int64Attribute{Optional: true, MarkdownDescription: description}}
	for _, name := range []string{
		"client_id", "redirect_uri", "profile", "authentication_url", "api_url", "token_cache", "request_timeout", "login_timeout",
	} {
		attributes[name] = schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	for _, name := range []string{"client_secret", "refresh_token", "personal_access_token"} {
		attributes[name] = schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
	}
	for _, name := range []string{"interactive_login", "pkce"} {
		attributes[name] = schema.BoolAttribute{Optional: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{Attributes: attributes}
}

// Configure implements [provider.Provider].
func (constantProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

// Resources implements [provider.Provider].
func (constantProvider) Resources(context.Context) []func() resource.Resource { return nil }

// EphemeralResources implements [provider.ProviderWithEphemeralResources].
func (constantProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return token{} }}
}
