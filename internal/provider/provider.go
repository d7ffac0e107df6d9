// Package provider is Terraform's view of GoTo's OAuth: schemas, configuration and diagnostics.
package provider

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

var (
	_ provider.ProviderWithValidateConfig     = (*gotoProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*gotoProvider)(nil)
)

type gotoProvider struct {
	version string
	now     func() time.Time
	getenv  func(string) string
	// interrupt ends with the first Ctrl-C, abandon with the second.
	interrupt, abandon context.Context
}

// Option changes what a provider takes from its surroundings.
type Option func(*gotoProvider)

// WithClock sets the clock, which is time.Now otherwise.
func WithClock(now func() time.Time) Option { return func(p *gotoProvider) { p.now = now } }

// WithEnvironment sets where environment variables are read, which is os.Getenv otherwise.
func WithEnvironment(getenv func(string) string) Option {
	return func(p *gotoProvider) { p.getenv = getenv }
}

// WithInterrupt makes the end of interrupt the end of every wait, but for token requests that were sent and whose
// answer cannot be had again: those end with abandon.
func WithInterrupt(interrupt, abandon context.Context) Option {
	return func(p *gotoProvider) { p.interrupt, p.abandon = interrupt, abandon }
}

// New returns the provider's constructor; version goes into the User-Agent of its requests.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider {
		p := &gotoProvider{version: version, now: time.Now, getenv: os.Getenv, interrupt: context.Background(), abandon: context.Background()}
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
		MarkdownDescription: "Signs in to GoTo (GoTo Connect, Webinar, Meeting) by OAuth 2.0 and hands bearer tokens to other providers, provisioners and write-only arguments. Tokens are ephemeral values: state and plan have none, unless the configuration makes a resource store one. Credentials stay out of plan files too if they come from the environment or an ephemeral variable.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeClientID + refusedWithout + fromEnvironment("client_id"),
				Validators:          []validator.String{sentence(oauth.CheckClientID)},
			},
			"client_secret": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describeClientSecret + refusedWithout + fromEnvironment("client_secret"),
				Validators:          []validator.String{sentence(oauth.CheckCredential)},
			},
			"redirect_uri": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeRedirectURI + " Default: none; GoTo then takes the registered one, and a `callback_url` is not compared with it." + fromEnvironment("redirect_uri"),
				Validators:          []validator.String{sentence(oauth.CheckRedirectURI)},
			},
			"refresh_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Used where a `goto_access_token` has neither a grant nor a profile of its own. " + describeRefreshToken + " Default: none." + fromEnvironment("refresh_token") + " Read only when the configuration has neither a grant nor a `profile`.",
				Validators:          []validator.String{sentence(oauth.CheckCredential)},
			},
			"personal_access_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Used where a `goto_access_token` has neither a grant nor a profile of its own. " + describePersonalAccessToken + " Default: none." + fromEnvironment("personal_access_token") + " Read only when the configuration has neither a grant nor a `profile`.",
				Validators:          []validator.String{sentence(oauth.CheckCredential)},
			},
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeProfile + " Only a credential of the provider stands beside it, not that of a `goto_access_token`. Default: none; a login then belongs to its credential alone." + fromEnvironment("profile") + " Read only when the configuration has no grant.",
				Validators:          []validator.String{sentence(checkProfile)},
			},
			"authentication_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base of the endpoints `/oauth/authorize` and `/oauth/token`" + describeURL + " The client secret and the credentials are sent there, and stored logins belong to it. Default: `" + oauth.DefaultAuthenticationURL + "`." + fromEnvironment("authentication_url"),
				Validators:          []validator.String{sentence(checkAuthenticationURL)},
			},
			"api_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base of GoTo's Admin API and SCIM" + describeURL + " Only `goto_me` asks them, with the access token. Default: `" + defaultAPIURL + "`." + fromEnvironment("api_url"),
				Validators:          []validator.String{sentence(checkAPIURL)},
			},
			"token_cache": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Where tokens outlive a run, encrypted: a directory that only you may read (`file:///directory`), a bucket that several machines share (`s3://bucket/prefix?region=…`, `gs://bucket/prefix`, `azblob://container/prefix?account=…`, see [Share a login between machines](guides/share-a-login.md)), or `off`. When off, codes and profiles are refused, every process makes a token request of its own, and a refresh token that GoTo replaces is lost. Default: the directory `terraform-provider-goto` in your cache directory (on Linux `~/.cache`); without one, as where `HOME` is unset, name a directory." + fromEnvironment("token_cache"),
				Validators:          []validator.String{sentence(checkTokenCache)},
			},
			"interactive_login": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether a run opens a browser and waits for a person to sign in when the login of a profile is missing or has ended. The `redirect_uri` must then be a loopback address like `http://localhost:8976/callback`, with a port that is free. Without a `profile` and a grant, the login is kept under the profile `" + defaultProfile + "`. A run stops with the address to open instead when `CI` or `TF_IN_AUTOMATION` is set, or when there is no display. `BROWSER` names another browser. Default: `false`." + fromEnvironment("interactive_login"),
			},
			"login_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How long a run with `interactive_login` waits for the person, at most `%dh`. Default: `%dm`.", engine.SignInLife/time.Hour, defaultLoginTimeout/time.Minute) + fromEnvironment("login_timeout"),
				Validators:          []validator.String{sentence(checkLoginTimeout)},
			},
			"pkce": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether the addresses that the provider shows and opens have an S256 code challenge (RFC 7636). GoTo's server metadata offer it; no guide mentions it. Default: `true`." + fromEnvironment("pkce"),
			},
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How long one request to GoTo may take, at most `%dm`. With its repetitions and the waiting between them it takes at most `request_timeout` times (`max_retries` + 1); a token request that waits for its turn, because GoTo takes 10 a second, takes that time in addition. Default: `%ds`.", maxRequestTimeout/time.Minute, defaultRequestTimeout/time.Second) + fromEnvironment("request_timeout"),
				Validators:          []validator.String{sentence(checkRequestTimeout)},
			},
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How often a request is repeated at most, 0 to %d, after a failed connection and the answers 429 and 5xx. An authorization code is repeated only if GoTo surely has not seen it. Default: `%d`.", maxMaxRetries, defaultMaxRetries) + fromEnvironment("max_retries"),
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
	return []func() datasource.DataSource{newAuthorizeURLDataSource, newLoginDataSource, newMeDataSource}
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

	ClientID            types.String `tfsdk:"client_id"`
	ClientSecret        types.String `tfsdk:"client_secret"`
	RedirectURI         types.String `tfsdk:"redirect_uri"`
	RefreshToken        types.String `tfsdk:"refresh_token"`
	PersonalAccessToken types.String `tfsdk:"personal_access_token"`
	Profile             types.String `tfsdk:"profile"`
	AuthenticationURL   types.String `tfsdk:"authentication_url"`
	APIURL              types.String `tfsdk:"api_url"`
	TokenCache          types.String `tfsdk:"token_cache"`
	InteractiveLogin    types.Bool   `tfsdk:"interactive_login"`
	LoginTimeout        types.String `tfsdk:"login_timeout"`
	PKCE                types.Bool   `tfsdk:"pkce"`
	RequestTimeout      types.String `tfsdk:"request_timeout"`
	MaxRetries          types.Int64  `tfsdk:"max_retries"`
}
