using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Random damage to a file: flipped bits, extreme bytes and numbers, and deleted, duplicated or inserted pieces.</summary>
internal static class Mutation
{
    private static readonly byte[] Extremes = [0, 1, 0x7F, 0x80, 0xFF, (byte)'"', (byte)'{', (byte)'[', (byte)'-', (byte)'9', (byte)'/', (byte)'.'];

    public static byte[] Of(byte[] whole, RandomStream random)
    {
        List<byte> bytes = [.. whole];
        int changes = 1 + random.NextInt(4);
        for (int i = 0; i < changes && bytes.Count > 0; i++)
        {
            // Half of the changes are in the first kilobyte, which has the headers.
            int at = random.NextInt(random.NextInt(2) == 0 ? Math.Min(bytes.Count, 1024) : bytes.Count);
            int length = Math.Min(1 + random.NextInt(16), bytes.Count - at);
            switch (random.NextInt(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.NextInt(8));
                    break;
                case 1:
                    bytes[at] = Extremes[random.NextInt(Extremes.Length)];
                    break;
                case 2:
                    for (int k = 0; k < length; k++)
                    {
                        bytes[at + k] = 0xFF;
                    }

                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.NextInt(256)).ToArray());
                    break;
            }
        }

        return [.. bytes];
    }
}
