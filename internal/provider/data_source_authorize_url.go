package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

var _ datasource.DataSourceWithConfigure = (*authorizeURLDataSource)(nil)

func newAuthorizeURLDataSource() datasource.DataSource { return &authorizeURLDataSource{} }

type authorizeURLDataSource struct{ settings *settings }

// Metadata implements [datasource.DataSource].
func (d *authorizeURLDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_authorize_url"
}

// Schema implements [datasource.DataSource].
func (d *authorizeURLDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Builds the address where a person signs in to GoTo and allows access for the OAuth client. The data source sends nothing, and the same arguments always give the same address.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: describeClientID + fromProvider,
				Validators:          []validator.String{stringValidator(oauth.CheckClientID)},
			},
			"redirect_uri": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: describeRedirectURI + fromProvider,
				Validators:          []validator.String{stringValidator(oauth.CheckRedirectURI)},
			},
			"scopes": schema.SetAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Scopes to request. Default: all scopes of the OAuth client.",
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1),
					setvalidator.ValueStringsAre(stringValidator(oauth.CheckScope)),
				},
			},
			"state": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Value that GoTo repeats in the address that the browser lands on. Set the same value in `goto_access_token`, which then refuses addresses from other sign-ins. Default: none.",
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"code_challenge": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PKCE code challenge (S256): the SHA-256 of the `code_verifier` in `goto_access_token`, as unpadded base64url. Default: none; the code is then not bound to a verifier.",
				Validators:          []validator.String{stringValidator(oauth.CheckCodeChallenge)},
			},
			"url": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The address to open in a browser.",
			},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *authorizeURLDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Read implements [datasource.DataSource].
func (d *authorizeURLDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model authorizeURLModel
	resp.Diagnostics.Append(ready(d.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	request := oauth.AuthorizationRequest{
		ClientID:      cmp.Or(model.ClientID.ValueString(), d.settings.client.ID),
		RedirectURI:   cmp.Or(model.RedirectURI.ValueString(), d.settings.client.RedirectURI),
		State:         model.State.ValueString(),
		CodeChallenge: model.CodeChallenge.ValueString(),
	}
	resp.Diagnostics.Append(model.Scopes.ElementsAs(ctx, &request.Scopes, false)...)
	if request.ClientID == "" {
		resp.Diagnostics.Append(missingClient("client_id"))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	model.ClientID = types.StringValue(request.ClientID)
	model.RedirectURI = stringOrNull(request.RedirectURI)
	model.URL = types.StringValue(d.settings.server.AuthorizeURL(request))
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

type authorizeURLModel struct {
	ClientID      types.String `tfsdk:"client_id"`
	RedirectURI   types.String `tfsdk:"redirect_uri"`
	Scopes        types.Set    `tfsdk:"scopes"`
	State         types.String `tfsdk:"state"`
	CodeChallenge types.String `tfsdk:"code_challenge"`
	URL           types.String `tfsdk:"url"`
}
