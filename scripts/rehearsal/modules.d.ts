/** What the bundler puts in their place: SST's components, and the infrastructure to rehearse. */
declare module "kofn:components";
declare module "kofn:infra";
