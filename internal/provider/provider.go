// Package provider is Terraform's view of GoTo's OAuth: schemas, configuration and diagnostics.
package provider

import (
	"context"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

var (
	_ provider.ProviderWithEphemeralResources = (*gotoProvider)(nil)
)

type gotoProvider struct {
	version string
	now     func() time.Time
	getenv  func(string) string
	// interrupt ends when somebody presses Ctrl-C.
	interrupt context.Context
}

// Option changes what a provider takes from its surroundings.
type Option func(*gotoProvider)

// WithClock sets the clock, which is time.Now otherwise.
func WithClock(now func() time.Time) Option { return func(p *gotoProvider) { p.now = now } }

// WithEnvironment sets where environment variables are read, which is os.Getenv otherwise.
func WithEnvironment(getenv func(string) string) Option {
	return func(p *gotoProvider) { p.getenv = getenv }
}

// WithInterrupt makes the end of interrupt the end of every request under way.
func WithInterrupt(interrupt context.Context) Option {
	return func(p *gotoProvider) { p.interrupt = interrupt }
}

// New returns the provider's constructor; version goes into the User-Agent of its requests.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider {
		p := &gotoProvider{version: version, now: time.Now, getenv: os.Getenv, interrupt: context.Background()}
		for _, option := range options {
			option(p)
		}
		return p
	}
}

// Metadata implements [provider.Provider].
func (p *gotoProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "goto"
	resp.Version = p.version
}

// Schema implements [provider.Provider].
func (p *gotoProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Signs in to GoTo (GoTo Connect, Webinar, Meeting) by OAuth 2.0 and hands bearer tokens to other providers, provisioners and write-only arguments. No token touches state or plan.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the OAuth client registered with GoTo. Environment variable: `GOTO_CLIENT_ID`.",
				Validators:          []validator.String{sentence(oauth.CheckClientID)},
			},
			"client_secret": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Secret of the OAuth client. Stored logins are encrypted with it: after a change of the secret they have to be made anew. Environment variable: `GOTO_CLIENT_SECRET`.",
				Validators:          []validator.String{sentence(oauth.CheckCredential)},
			},
			"redirect_uri": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Redirect URI, exactly as registered for the OAuth client. Default for `goto_authorize_url` and `goto_access_token`. Environment variable: `GOTO_REDIRECT_URI`.",
				Validators:          []validator.String{sentence(oauth.CheckRedirectURI)},
			},
			"refresh_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Refresh token used where a `goto_access_token` has no grant of its own. A token that GoTo replaces is kept in the token cache, so this one may stay as it is. Environment variable: `GOTO_REFRESH_TOKEN`, read only when the configuration has no grant.",
				Validators: []validator.String{
					sentence(oauth.CheckCredential),
					stringvalidator.ConflictsWith(path.MatchRoot("personal_access_token")),
				},
			},
			"personal_access_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Personal access token used where a `goto_access_token` has neither a grant nor a profile of its own. Takes no `profile`. Environment variable: `GOTO_PERSONAL_ACCESS_TOKEN`, read only when the configuration has neither a grant nor a `profile`.",
				Validators: []validator.String{
					sentence(oauth.CheckCredential),
					stringvalidator.ConflictsWith(path.MatchRoot("refresh_token"), path.MatchRoot("profile")),
				},
			},
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the stored login that a `goto_access_token` uses where it names none. Environment variable: `GOTO_PROFILE`.",
				Validators:          []validator.String{sentence(checkProfile)},
			},
			"authentication_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base of the endpoints `/oauth/authorize` and `/oauth/token`; https, or http to a loopback address. Default: `" + oauth.DefaultAuthenticationURL + "`. Environment variable: `GOTO_AUTHENTICATION_URL`.",
				Validators:          []validator.String{sentence(checkAuthenticationURL)},
			},
			"api_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base of GoTo's Admin API; https, or http to a loopback address. Default: `" + defaultAPIURL + "`. Environment variable: `GOTO_API_URL`.",
				Validators:          []validator.String{sentence(checkAPIURL)},
			},
			"token_cache": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Where tokens outlive a run, encrypted: `file:///directory`, which only you may read, or `off`. Off, every run needs a refresh token or a personal access token, and a refresh token that GoTo replaces is lost. Default: `terraform-provider-goto` in your cache directory (on Linux `~/.cache`). Environment variable: `GOTO_TOKEN_CACHE`.",
				Validators:          []validator.String{sentence(checkNotEmpty)},
			},
			"request_timeout": schema.StringAttribute{
				CustomType:          timetypes.GoDurationType{},
				Optional:            true,
				MarkdownDescription: "How long one request to GoTo may take, like `30s`, which is the default, and at most `10m`. A token request with its repetitions and the waiting between them takes at most `request_timeout` times (`max_retries` + 1). Environment variable: `GOTO_REQUEST_TIMEOUT`.",
				Validators:          []validator.String{sentence(checkRequestTimeout)},
			},
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How often a request is repeated at most, 0 to 10, after a failed connection and the answers 429 and 5xx. An authorization code is repeated only if GoTo surely has not seen it. Default: 3. Environment variable: `GOTO_MAX_RETRIES`.",
				Validators:          []validator.Int64{int64validator.Between(0, maxMaxRetries)},
			},
		},
	}
}

// Configure implements [provider.Provider].
func (p *gotoProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(refuseUnknown(req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings, diags := p.settings(model)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.DataSourceData = settings
	resp.EphemeralResourceData = settings
}

// DataSources implements [provider.Provider].
func (p *gotoProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newAuthorizeURLDataSource, newMeDataSource}
}

// EphemeralResources implements [provider.ProviderWithEphemeralResources].
func (p *gotoProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newAccessTokenEphemeralResource}
}

// Resources implements [provider.Provider]: there are none, because a resource would keep its
// token in the state.
func (p *gotoProvider) Resources(context.Context) []func() resource.Resource { return nil }

type providerModel struct {
	unprintable

	ClientID            types.String         `tfsdk:"client_id"`
	ClientSecret        types.String         `tfsdk:"client_secret"`
	RedirectURI         types.String         `tfsdk:"redirect_uri"`
	RefreshToken        types.String         `tfsdk:"refresh_token"`
	PersonalAccessToken types.String         `tfsdk:"personal_access_token"`
	Profile             types.String         `tfsdk:"profile"`
	AuthenticationURL   types.String         `tfsdk:"authentication_url"`
	APIURL              types.String         `tfsdk:"api_url"`
	TokenCache          types.String         `tfsdk:"token_cache"`
	RequestTimeout      timetypes.GoDuration `tfsdk:"request_timeout"`
	MaxRetries          types.Int64          `tfsdk:"max_retries"`
}
