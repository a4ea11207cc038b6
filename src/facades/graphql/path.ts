/** Where GraphQL is served, in a URL: what is below is nothing. */
export const graphqlPath = /^\/graphql\/?(?=\?|$)/;
