/** Signs what leaves the house, so that whoever gets it can see that it is whole and from here (Ed25519). */
export interface Signer {
  /** The public key: 64 hexadecimal digits. */
  readonly publicKey: string;
  /** 128 hexadecimal digits. */
  sign(text: string): string;
}
