using PublicApi.Tests.Own;
using TorchSharp;

namespace PublicApi.Tests;

/// <summary>Registers this project's parts and limits torch to one thread, because test classes run in parallel.</summary>
public sealed class OwnPartsFixture
{
    public OwnPartsFixture()
    {
        OwnParts.Register();
        torch.set_num_threads(1);
    }
}
