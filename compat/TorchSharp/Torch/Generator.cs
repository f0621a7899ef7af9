using System.Runtime.InteropServices.Marshalling;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    [NativeMarshalling(typeof(GeneratorMarshaller))]
    public class Generator : IDisposable
    {
        private nint _handle;

        public Generator(ulong seed = 0, Device? device = null)
            : this(NativeRandom.mt_generator_new(seed, NativeDevice.From(InitializeDevice(device)))) { }

        internal Generator(nint handle) => _handle = handle == 0 ? throw NativeError.Last() : handle;

        ~Generator() => Dispose(false);

        public static Generator Default => new(NativeRandom.mt_generator_default(new NativeDevice(-1, -1)));

        public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Generator));

        public Device device
        {
            get
            {
                var type = (DeviceType)NativeRandom.mt_generator_device_type(this);
                return new Device(type, type == DeviceType.CPU ? -1 : NativeRandom.mt_generator_device_index(this));
            }
        }

        public Tensor get_state() => NativeRandom.mt_generator_get_state(this);

        public void set_state(Tensor value) => NativeError.Check(NativeRandom.mt_generator_set_state(this, value));

        public Generator manual_seed(long seed)
        {
            NativeError.Check(NativeRandom.mt_generator_seed(this, (ulong)seed));
            return this;
        }

        public long seed()
        {
            NativeError.Check(NativeRandom.mt_generator_random_seed(this, out ulong drawn));
            return (long)drawn;
        }

        public long initial_seed()
        {
            NativeError.Check(NativeRandom.mt_generator_initial_seed(this, out ulong seed));
            return (long)seed;
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (_handle == 0) return;
            NativeRandom.mt_generator_dispose(_handle);
            _handle = 0;
        }
    }
}
