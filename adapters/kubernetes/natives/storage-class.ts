/** What projections read of a StorageClass. */
export interface SlimStorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly reclaimPolicy: string;
  readonly volumeBindingMode: string;
  readonly allowVolumeExpansion: boolean;
  readonly isDefault: boolean;
}

export interface NativeStorageClass {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly provisioner: string;
  readonly parameters?: Record<string, string>;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
  readonly allowVolumeExpansion?: boolean;
}

const secretParameter = /secret|password|token|credential|key$/i;

/** Parameters that name secrets or hold them (old drivers do) stay in the cluster. */
export function slimStorageClass(native: NativeStorageClass): SlimStorageClass {
  const parameters = Object.entries(native.parameters ?? {}).filter(([key]) => !secretParameter.test(key));
  return {
    name: native.metadata.name,
    provisioner: native.provisioner,
    parameters: Object.fromEntries(parameters),
    reclaimPolicy: native.reclaimPolicy ?? 'Delete',
    volumeBindingMode: native.volumeBindingMode ?? 'Immediate',
    allowVolumeExpansion: native.allowVolumeExpansion ?? false,
    isDefault: native.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  };
}
