namespace TorchSharp.Interop;

/// <summary>mt::Options: what a factory takes beside its size; a dtype or device of -1 is "not given".</summary>
internal readonly record struct NativeOptions(int Dtype, int DeviceType, int DeviceIndex, int RequiresGrad)
{
    internal static NativeOptions From(torch.ScalarType? dtype, torch.Device? device, bool requiresGrad)
    {
        NativeDevice on = NativeDevice.From(torch.InitializeDevice(device));
        return Like(dtype, on, requiresGrad);
    }

    /// <summary>For the *_like factories, which take from their model what is not given.</summary>
    internal static NativeOptions LikeModel(torch.ScalarType? dtype, torch.Device? device, bool requiresGrad) =>
        Like(dtype, NativeDevice.From(device), requiresGrad);

    internal static int Code(torch.ScalarType? dtype) => dtype is { } type ? (int)type : -1;

    private static NativeOptions Like(torch.ScalarType? dtype, NativeDevice on, bool requiresGrad) =>
        new(Code(dtype), on.Type, on.Index, requiresGrad ? 1 : 0);
}
