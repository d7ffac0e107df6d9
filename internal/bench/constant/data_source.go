package constant

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// DataSources implements [provider.Provider].
func (constantProvider) DataSources(context.Context) []func() datasource.DataSource {
	texts := schema.SetAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	list := schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	return []func() datasource.DataSource{
		dataSource("authorize_url", withStrings(map[string]schema.Attribute{
			"client_id":    schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description},
			"redirect_uri": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description},
			"scopes":       schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description},
			"state":        optional, "code_challenge": optional,
		}, "url")),
		dataSource("login", withStrings(map[string]schema.Attribute{
			"profile": optional, "scopes": texts,
			"signed_in": schema.BoolAttribute{Computed: true, MarkdownDescription: description},
		}, "principal", "signed_in_at", "refresh_token_expires_at", "location")),
		dataSource("me", withStrings(map[string]schema.Attribute{
			"profile": optional, "admin_roles": list, "products": list,
			"accounts": schema.ListNestedAttribute{Computed: true, MarkdownDescription: description, NestedObject: schema.NestedAttributeObject{
				Attributes: withStrings(map[string]schema.Attribute{"admin_roles": list}, "key", "name"),
			}},
		}, "source", "key", "account_key", "email", "first_name", "last_name", "locale", "created_at")),
	}
}

var optional = schema.StringAttribute{Optional: true, MarkdownDescription: description}

// withStrings adds computed strings with the given names.
func withStrings(attributes map[string]schema.Attribute, names ...string) map[string]schema.Attribute {
	for _, name := range names {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return attributes
}

// onlySchema is a data source that is never read.
type onlySchema struct {
	name       string
	attributes map[string]schema.Attribute
}

func dataSource(name string, attributes map[string]schema.Attribute) func() datasource.DataSource {
	return func() datasource.DataSource { return onlySchema{name, attributes} }
}

// Metadata implements [datasource.DataSource].
func (d onlySchema) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

// Schema implements [datasource.DataSource].
func (d onlySchema) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: description, Attributes: d.attributes}
}

// Read implements [datasource.DataSource].
func (onlySchema) Read(context.Context, datasource.ReadRequest, *datasource.ReadResponse) {}
